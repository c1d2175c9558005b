"""Confounds of a study's own, by segment: what is read, what is refused, and that all of a run knows of them."""

import re

import numpy as np
import pytest

from priosig._core.cache import EmbeddingCache
from priosig.annotations.bouts import Bout
from priosig.annotations.moments import load_moments
from priosig.annotations.risk_sets import bouts_view
from priosig.annotations.segments import identify_segments
from priosig.annotations.views import clean_view
from priosig.experiment import pipeline
from priosig.experiment.corpus import open_corpus, read_annotations
from priosig.experiment.evaluation import evaluate_view
from priosig.experiment.own_confounds import read_own_confounds, values_of
from priosig.experiment.pipeline import describe, evaluate_kept
from priosig.report.page import write_report
from tests.small_experiment import noise, read, write_corpus

pytestmark = pytest.mark.usefixtures("few_replicates")

# Two moments of one video, and the CONTINUE between them:
#
#   |-stop-|..feedback..|---continue---|-stop-|
#   10    20           30             50     60


@pytest.fixture
def segments(moment_row, moments_file):
    rows = [
        moment_row(
            moment_id=f"m{t}", video_id="videoAAAAAA", playing_before_start=t, playing_before_end=t + 10,
            stop_timestamp=t + 10, feedback_start=t + 11, feedback_end=t + 20,
        )
        for t in (10.0, 50.0)
    ]  # fmt: skip
    return identify_segments(load_moments(moments_file(*rows)))


IDS = ("videoAAAAAA-stop-10000-20000", "videoAAAAAA-continue-30000-50000", "videoAAAAAA-stop-50000-60000")
ROWS = "".join(f"{name},{value}\n" for name, value in zip(IDS, (1, 2, 3), strict=True))


@pytest.fixture
def written(tmp_path):
    """Writes the CSV."""

    def write(content: str | bytes):
        path = tmp_path / "columns.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_value_by_segment_and_none_where_the_cell_is_empty(written, segments):
    path = written(f'\ufeffsegment_id , tempo,camera\r\n\r\n{IDS[1]},,"1"\r\n{IDS[0]}, 1e2 ,2\r\n{IDS[2]},-3,2\r\n')
    columns = read_own_confounds(path, segments)
    assert columns["camera"] == {IDS[1]: 1, IDS[0]: 2, IDS[2]: 2}
    assert (columns["tempo"][IDS[0]], columns["tempo"][IDS[2]]) == (100, -3)
    assert np.isnan(columns["tempo"][IDS[1]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "line 1: empty; expected a header, segment_id and"),
        ("id,tempo\n" + ROWS, "line 1: the header is 'id,tempo'; expected segment_id, a comma"),
        ("segment_id\n", "line 1: the header is 'segment_id'; expected"),
        ("segment_id,=1+1\n" + ROWS, "line 1: '=1.1' is no name; expected 1 to 40 of"),
        ("segment_id,<b>\n" + ROWS, "line 1: '<b>' is no name"),
        ("segment_id,te\x1b[31mmpo\n" + ROWS, r"line 1: 'te\\x1b\[31mmpo' is no name"),
        ("segment_id,level\n" + ROWS, "line 1: the name 'level' is taken; expected another"),
        ("segment_id,time\n" + ROWS, "line 1: the name 'time' is taken"),
        ("segment_id,label\n" + ROWS, "line 1: the name 'label' is taken"),
        ("segment_id,a,a\n", "line 1: the name 'a' is taken"),
        ("segment_id,tempo\n" + ROWS + f"{IDS[0]},4\n", f"line 5: '{IDS[0]}' has a row in line 2 too; expected one"),
        ("segment_id,tempo\n" + ROWS + "videoBBBBBB-stop-1-2,4\n", "line 5: 'videoBBBBBB-stop-1-2' is no segment"),
        ("segment_id,tempo\n" + ROWS.replace(",2", ",fast"), "line 3: tempo is 'fast'; expected a number, or"),
        ("segment_id,tempo\n" + ROWS.replace(",2", ",nan"), "line 3: tempo is 'nan'; expected a number"),
        ("segment_id,tempo\n" + ROWS.replace(",2", ",1e300"), "line 3: tempo is '1e300'; expected a number"),
        ("segment_id,tempo\n" + ROWS.replace(",2", ",1_0"), "line 3: tempo is '1_0'; expected a number"),
        ("segment_id,tempo\n" + ROWS.replace(",2", ",2,5"), "line 3: 3 cells; expected 2, as in the header"),
        ("segment_id,tempo\n" + ROWS.replace(",2", ',"2'), "line 4: not CSV"),
        (f"segment_id,tempo\n{IDS[1]},1\n", f"line 2: ends without a row for {IDS[0]} and for 1 more; expected one"),
        ("segment_id,tempo\n" + ROWS.replace("60000", "60001"), f"line 4: ends without a row for {IDS[2]}; exp"),
        (b"segment_id,tempo\n\xff", "line 2: not UTF-8 text; expected a CSV in UTF-8"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_file_and_line(written, segments, content, words):
    with pytest.raises(ValueError, match=rf"columns\.csv, {words}") as refused:
        read_own_confounds(written(content), segments)
    assert str(refused.value).isprintable()


def test_a_cut_window_has_its_segments_value_and_a_window_of_a_bout_its_own(segments):
    column = dict(zip(IDS, (1.0, 2.0, 3.0), strict=True))
    cut = clean_view(segments, {"videoAAAAAA": []}, 5.0, 1.0)
    assert not set(column) & {segment.segment_id for segment in cut.segments}
    assert values_of({"tempo": column}, cut)["tempo"].tolist() == [1.0, 2.0, 3.0]
    bouts = {"videoAAAAAA": (Bout(5.0, 20.0, True), Bout(45.0, 60.0, True), Bout(70.0, 99.0, True))}
    matched = bouts_view(segments, bouts, 5.0, 1.0)
    assert len(matched.segments) > 1
    assert values_of({"tempo": column}, matched) == {"tempo": None}
    own = {segment.segment_id: float(row) for row, segment in enumerate(matched.segments)}
    assert values_of({"tempo": own}, matched)["tempo"].tolist() == list(own.values())


OWN = '[confounds]\ncolumns = "columns.csv"\n[confounds.roles]\ntempo = "acoustic"\n'


@pytest.fixture
def corpus(tmp_path):
    """A small corpus with columns `tempo` (acoustic) and `camera`."""
    write_corpus(tmp_path, "text")
    segments = read_annotations(open_corpus(tmp_path)).segments
    rng = np.random.default_rng(2)
    rows = [f"{s.segment_id},{rng.normal():.3f},{rng.integers(3)}\n" for s in segments]
    (tmp_path / "columns.csv").write_text("segment_id,tempo,camera\n" + "".join(rows))
    with (tmp_path / "experiment.toml").open("a") as settings:
        settings.write(f'{OWN}length = "acoustic"')
    return tmp_path


def test_each_has_a_sentence_of_its_own_in_the_verdict_and_its_role(corpus):
    annotations = read_annotations(open_corpus(corpus))
    view = clean_view(annotations.segments, {s.video_id: [] for s in annotations.segments}, 2.0, 0.5)
    settings = annotations.corpus.settings
    features = noise(view)
    own = values_of(annotations.own_confounds, view)
    result = evaluate_view(view, annotations.moments, settings, features, own=own)
    assert {b.name: b.role for b in result.design.baselines if b.name in own} == {
        "tempo": "acoustic",
        "camera": "artefact",
    }
    said = result.assessments["A"].verdict.sentence
    one = (
        r"Camera, which this study counts as an artefact, as a predictor of its own ranks a STOP above a CONTINUE of "
    )
    assert re.search(one + r"the same video \d+ times in 100 \(p = [\d.]+\)", said)
    assert "Tempo, which this study counts as an acoustic fact that may be music, as a predictor of its own" in said
    assert "Length, which this study counts as an acoustic fact that may be music, is equal for all windows." in said


def test_a_role_or_a_file_that_is_not_there_is_refused(corpus):
    settings = corpus / "experiment.toml"
    good = settings.read_text()
    settings.write_text(good.replace('tempo = "acoustic"', 'temp = "acoustic"'))
    with pytest.raises(ValueError, match=r"experiment\.toml: \[confounds\.roles\] 'temp' is no confound; .* camera$"):
        open_corpus(corpus)
    settings.write_text(good.replace("columns.csv", "column.csv"))
    with pytest.raises(FileNotFoundError, match=r"column\.csv: no such file; expected confounds by segment"):
        open_corpus(corpus)


def test_columns_and_roles_are_part_of_what_is_kept(corpus, tmp_path, monkeypatch):
    store, evaluated = EmbeddingCache(tmp_path / "cache"), []
    evaluate = pipeline.evaluate_view
    monkeypatch.setattr(pipeline, "evaluate_view", lambda *a, **k: evaluated.append(1) or evaluate(*a, **k))

    def run() -> int:
        annotations = read_annotations(open_corpus(corpus))
        view = clean_view(annotations.segments, {s.video_id: [] for s in annotations.segments}, 2.0, 0.5)
        evaluated.clear()
        evaluate_kept(annotations, view, store)
        return len(evaluated)

    assert [run(), run()] == [1, 0]
    text = (corpus / "columns.csv").read_text()
    (corpus / "columns.csv").write_text(text.replace(",0\n", ",7\n", 1))
    assert [run(), run()] == [1, 0]
    settings = (corpus / "experiment.toml").read_text()
    (corpus / "experiment.toml").write_text(settings.replace('tempo = "acoustic"', 'tempo = "artefact"'))
    assert [run(), run()] == [1, 0]


def test_in_a_study_a_column_that_tells_the_label_is_found_and_shown(tmp_path):
    corpus = write_corpus(tmp_path, "text", n_videos=5, later=3.1)
    with (corpus / "experiment.toml").open("a") as settings:
        settings.write(OWN.replace("columns.csv", "own.csv").replace("tempo", "room_1"))
    rng = np.random.default_rng(0)
    with (corpus / "own.csv").open("w") as file:
        file.write("segment_id,room_1,camera_height\n")
        for s in identify_segments(load_moments(corpus / "moments.jsonl")):
            file.write(f"{s.segment_id},{rng.normal():.2f},{(s.label == 'stop') + 0.3 * rng.normal():.2f}\n")
    experiment = describe(read_annotations(open_corpus(corpus)))
    verdict = experiment.views["equal"].design.verdict
    assert verdict.label == "invalid design"
    assert "a predictor that knows only camera height" in verdict.sentence
    assert (
        "Camera height, which this study counts as an artefact, as a predictor of its own ranks" in verdict.sentence
    )
    assert "Room 1, which this study counts as an acoustic fact that may be music" in verdict.sentence

    page = write_report(experiment, tmp_path)
    confounds = {row["confound"]: row for row in read(page.parent, "confounds") if row["view"] == "equal"}
    assert float(confounds["camera_height"]["auc_within_video"]) > 0.9
    assert confounds["room_1"]["status"] == "varies"
    assert (
        float(read(page.parent, "segments")[0]["camera_height"])
        == experiment.views["annotated"].confounds.values["camera_height"][0]
    )
    text = page.read_text(encoding="utf-8")
    assert "camera height" in text
    assert "room 1" in text
    assert re.search(r"own confounds.*own\.csv, sha256", text, re.S)
