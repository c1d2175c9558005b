"""Where the work is done changes nothing.

Features are the same whether segments are heard here, by processes of this machine, or by the workers of a
cluster, also when a worker dies in mid-run: shards share a cache, so what it had finished is not done again, and the
scheduler gives the rest to others.
"""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest

from priosig.annotations.bouts import lesson_of
from priosig.audio.screening import screen_lessons
from priosig.experiment.corpus import Annotations, read_annotations
from priosig.extraction.features import Features, measure_features
from priosig.extraction.muq.extractor import MuQExtractor
from validation.harness.runs import SMALL_HEADS, SMALL_MUQ, open_world

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As workers have; more threads may move the last bits."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def annotations() -> Annotations:
    return read_annotations(open_world("signal"))


def measure(annotations: Annotations, cache: Path | None) -> tuple[Features, MuQExtractor]:
    extractor = MuQExtractor(SMALL_MUQ, device="cpu", cache_dir=cache, batch_size=1)
    heads = sorted(SMALL_HEADS.glob("*.ckpt"))
    return measure_features(annotations.segments, annotations.corpus.audio, extractor, heads), extractor


@pytest.fixture(scope="module")
def here(annotations) -> Features:
    return measure(annotations, None)[0]


def assert_same(actual: Features, expected: Features) -> None:
    np.testing.assert_array_equal(actual.embeddings, expected.embeddings)
    np.testing.assert_array_equal(actual.quality, expected.quality)
    assert set(actual.heard) == set(expected.heard)
    for name, values in expected.heard.items():
        np.testing.assert_array_equal(actual.heard[name], values)


def test_two_processes_of_this_machine_give_the_same(annotations, here, tmp_path):
    with joblib.parallel_config(n_jobs=2):
        assert_same(measure(annotations, tmp_path)[0], here)
        talk = screen_lessons(lesson_of(annotations.segments), annotations.corpus.audio)
    assert talk == screen_lessons(lesson_of(annotations.segments), annotations.corpus.audio)


def test_a_cluster_that_loses_a_worker_in_mid_run_gives_the_same(annotations, here, tmp_path):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
        ThreadPoolExecutor(1) as aside,
    ):
        workers = client.run(os.getpid)

        def on_the_cluster() -> Features:
            with client.as_current(), joblib.parallel_config(backend="dask"):
                return measure(annotations, tmp_path)[0]

        call = aside.submit(on_the_cluster)
        while len(list(tmp_path.rglob("*.safetensors"))) < 5:
            assert not call.done(), call.exception()
            time.sleep(0.01)
        os.kill(next(iter(workers.values())), signal.SIGKILL)
        at_the_death = len(list(tmp_path.rglob("*.safetensors")))
        spread = call.result(timeout=300)
    assert_same(spread, here)
    # It was in mid-run, and what had been computed by then was found and not computed again.
    n_windows = len(list(tmp_path.rglob("*.safetensors")))
    assert at_the_death < n_windows
    again, extractor = measure(annotations, tmp_path)
    assert_same(again, here)
    assert (extractor.n_computed_windows, extractor.n_cached_windows) == (0, n_windows)
