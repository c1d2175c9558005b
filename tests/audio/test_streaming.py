"""All slices of a recording from one pass over it.

slices of `PARTS`      0         1         2         3         4         5         6 s
                       |    a----------------------)    equal a2
                       |        nested---)              |
                       |              overlapping-------------)
                       | first--)                       |        gap   last-------)
"""

import itertools
import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from priosig.audio import streaming
from priosig.audio.slices import Slice, probe_recording, read_slice, slice_recording
from priosig.audio.streaming import resampled_length, stream_pieces
from priosig.audio.windows import window_bounds

PARTS = {
    "a": (0.5, 2.9),
    "a2": (0.5, 2.9),
    "nested": (0.91, 1.8),
    "overlapping": (1.45, 3.7501),
    "first": (0.0, 0.6),
    "last": (4.7, 6.0),
}


def noise(n, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (n, channels)).astype(np.float32)


def write(path, samples, rate):
    """In small blocks: libsndfile's Vorbis encoder overflows its stack on large ones."""
    subtype = "FLOAT" if path.suffix == ".wav" else None
    with soundfile.SoundFile(path, "w", rate, samples.shape[1], subtype=subtype) as file:
        for start in range(0, len(samples), 10_000):
            file.write(samples[start : start + 10_000])
    return probe_recording(path)


def parts_of(recording, times=PARTS):
    return {name: slice_recording(recording, start, end) for name, (start, end) in times.items()}


def put_together(pieces):
    """Waveforms by name, after checking that each came in order and said once, at its end, that it was over."""
    by_name = {}
    for piece in pieces:
        windows, over = by_name.setdefault(piece.name, ([], []))
        assert piece.index == len(windows)
        assert not any(over)
        windows.append(piece.samples)
        over.append(piece.last)
    assert all(over[-1] for _, over in by_name.values())
    return {name: windows for name, (windows, _) in by_name.items()}


def short_windows(monkeypatch, window=9600, tail=4800):
    monkeypatch.setattr(streaming, "window_bounds", lambda n: window_bounds(n, window, shortest_tail=tail))


def kinds_of_recording():
    """A few quick ones, and all the others."""
    quick = {(".wav", 44_100, 2), (".wav", 24_000, 1), (".flac", 22_050, 1), (".ogg", 16_000, 2), (".mp3", 44_100, 1)}
    rates = (44_100, 48_000, 22_050, 16_000, 8_000, 11_025, 24_000)
    for kind in itertools.product((".wav", ".flac", ".ogg", ".mp3"), rates, (1, 2)):
        yield pytest.param(*kind, marks=() if kind in quick else pytest.mark.slow)


# The same samples as one slice at a time.


@pytest.mark.parametrize(("extension", "rate", "channels"), list(kinds_of_recording()))
def test_pieces_put_together_equal_the_slice_read_alone(tmp_path, monkeypatch, extension, rate, channels):
    short_windows(monkeypatch)
    slices = parts_of(write(tmp_path / f"x{extension}", noise(6 * rate, channels), rate))
    streamed = put_together(stream_pieces(slices))
    assert set(streamed) == set(slices)
    for name, part in slices.items():
        expected = read_slice(part)
        np.testing.assert_array_equal(np.concatenate(streamed[name]), expected)
        bounds = window_bounds(len(expected), 9600, shortest_tail=4800)
        assert [len(window) for window in streamed[name]] == [stop - start for start, stop in bounds]


@settings(max_examples=10, deadline=None)
@given(
    rate=st.sampled_from([8000, 11_025, 16_000, 24_000]),
    block=st.integers(1, 5000),
    times=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900)), min_size=1, max_size=6),
)
def test_neither_the_block_nor_the_other_slices_change_a_sample(tmp_path_factory, rate, block, times):
    path = tmp_path_factory.getbasetemp() / f"noise_{rate}.wav"
    recording = probe_recording(path) if path.exists() else write(path, noise(2 * rate), rate)
    slices = {str(i): slice_recording(recording, a / 1000, (a + n) / 1000) for i, (a, n) in enumerate(times)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "BLOCK", block)
        short_windows(patch, 4800, 2400)
        streamed = put_together(stream_pieces(slices))
    for name, part in slices.items():
        np.testing.assert_array_equal(np.concatenate(streamed[name]), read_slice(part))


def test_nothing_outside_a_slice_reaches_it(tmp_path):
    samples = noise(16_000)
    part = slice_recording(write(tmp_path / "x.wav", samples, 8000), 0.5, 1.5)
    samples[:4000] = samples[12_000:] = 0.9
    other = slice_recording(write(tmp_path / "y.wav", samples, 8000), 0.5, 1.5)
    (one,), (two,) = stream_pieces({"x": part}), stream_pieces({"y": other})
    np.testing.assert_array_equal(one.samples, two.samples)


def test_a_short_tail_is_shared_with_the_window_before_it(tmp_path):
    recording = write(tmp_path / "x.wav", noise(round(30.5 * 24_000)), 24_000)
    pieces = list(stream_pieces(parts_of(recording, {"x": (0.0, 30.5)})))
    assert [len(piece.samples) for piece in pieces] == [365_760, 366_240]
    assert [piece.last for piece in pieces] == [False, True]


def test_recordings_come_as_they_first_appear_and_slices_by_their_start(tmp_path):
    one, two = (write(tmp_path / name, noise(24_000), 8000) for name in ("one.wav", "two.wav"))
    late, early = slice_recording(one, 2, 3), slice_recording(one, 0, 1)
    slices = {"late": late, "two": slice_recording(two, 0, 1), "early": early}
    assert [piece.name for piece in stream_pieces(slices)] == ["early", "late", "two"]


def test_each_piece_has_memory_of_its_own(tmp_path):
    recording = write(tmp_path / "x.wav", noise(48_000), 24_000)
    one, two = stream_pieces(parts_of(recording, {"a": (0.0, 1.0), "b": (0.0, 1.0)}))
    assert not np.shares_memory(one.samples, two.samples)


def test_no_slices_give_no_pieces():
    assert list(stream_pieces({})) == []


# How many samples there will be, before there are any.


@pytest.mark.parametrize(
    "rate",
    [44_100, 48_000, 11_025]
    + [
        pytest.param(rate, marks=pytest.mark.slow) for rate in (22_050, 16_000, 8_000, 32_000, 96_000, 88_200, 44_056)
    ],
)
def test_length_is_known_before_resampling(rate):
    rng = np.random.default_rng(rate)
    for n in [*range(1, 200), *rng.integers(200, 60_000, 50).tolist()]:
        samples = np.zeros(n, np.float32)
        stream = soxr.ResampleStream(rate, 24_000, 1, dtype="float32", quality="HQ")
        streamed = len(stream.resample_chunk(samples[: n // 2])) + len(stream.resample_chunk(samples[n // 2 :], True))
        at_once = len(soxr.resample(samples, rate, 24_000, quality="HQ"))
        assert resampled_length(n, rate, 24_000) == at_once == streamed


@pytest.mark.parametrize(("off", "word"), [(1, "fewer"), (-1, "more")])
def test_a_resampler_that_gives_another_number_is_an_error(tmp_path, monkeypatch, off, word):
    monkeypatch.setattr(streaming, "resampled_length", lambda *args: resampled_length(*args) + off)
    recording = write(tmp_path / "x.wav", noise(8000), 8000)
    with pytest.raises(RuntimeError, match=f"segment s: resampled to {word} samples than {24_000 + off}"):
        list(stream_pieces(parts_of(recording, {"s": (0.0, 1.0)})))


def test_a_slice_too_short_for_a_sample_is_refused_before_anything_is_decoded(tmp_path):
    recording = write(tmp_path / "x.wav", noise(96_000), 96_000)
    slices = {"good": Slice(recording, 0, 50_000, 0.0), "bad": Slice(recording, 0, 1, 0.0)}
    with pytest.raises(ValueError, match=r"segment bad: .*1 samples at 96000 Hz are none at 24000 Hz"):
        next(stream_pieces(slices))


# What is wrong with a recording, and whose it is.


@pytest.mark.parametrize("at", [0.7, 1.0, 1.999])
def test_sample_that_is_not_a_number_names_the_first_segment_that_holds_it(tmp_path, at):
    samples = noise(32_000)
    samples[round(at * 8000)] = np.nan
    recording = write(tmp_path / "x.wav", samples, 8000)
    slices = parts_of(recording, {"before": (0.0, 0.7), "holds": (0.5, 2.0), "also": (0.6, 2.0), "after": (2.0, 4.0)})
    pieces = stream_pieces(slices)
    assert next(pieces).name == "before"
    with pytest.raises(ValueError, match="segment holds: ") as streamed:
        list(pieces)
    with pytest.raises(ValueError, match="NaN or infinite sample at second") as alone:
        read_slice(slices["holds"])
    assert str(streamed.value) == f"segment holds: {alone.value}"


def test_what_no_slice_holds_may_be_anything(tmp_path):
    samples = noise(32_000)
    samples[16_000:24_000] = np.nan
    recording = write(tmp_path / "x.wav", samples, 8000)
    assert len(list(stream_pieces(parts_of(recording, {"a": (0.0, 2.0), "b": (3.0, 4.0)})))) == 2


@pytest.mark.parametrize("extension", [".flac", ".mp3"])
def test_truncated_recording_is_the_error_of_the_slice_read_alone(tmp_path, extension):
    recording = write(tmp_path / f"x{extension}", noise(80_000), 8000)
    content = recording.path.read_bytes()
    recording.path.write_bytes(content[: len(content) // 2])
    part = slice_recording(recording, 1.0, 9.0)
    with pytest.raises(ValueError, match=r"expected (whole audio|the whole file)") as alone:
        read_slice(part)
    with pytest.raises(ValueError, match="segment s: ") as streamed:
        list(stream_pieces({"s": part}))
    assert str(streamed.value) == f"segment s: {alone.value}"


def test_recording_that_cannot_be_opened_any_more_names_a_segment(tmp_path):
    recording = write(tmp_path / "x.wav", noise(8000), 8000)
    recording.path.unlink()
    with pytest.raises(ValueError, match=r"segment s: .*x\.wav: cannot be decoded at second 0\.000"):
        list(stream_pieces(parts_of(recording, {"s": (0.0, 1.0)})))


# What it costs.


@pytest.fixture
def counted(monkeypatch):
    """Files opened, and frames decoded from each, from here on."""
    files = []

    class Counted(soundfile.SoundFile):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            files.append(0)

        def read(self, *args, **kwargs):
            block = super().read(*args, **kwargs)
            files[-1] += len(block)
            return block

    monkeypatch.setattr(soundfile, "SoundFile", Counted)
    return files


@pytest.mark.parametrize("extension", [".wav", ".flac", ".ogg", ".mp3"])
def test_every_sample_is_decoded_once_however_many_slices_hold_it(tmp_path, counted, extension):
    recording = write(tmp_path / f"x{extension}", noise(10 * 8000), 8000)
    slices = parts_of(recording, {f"{i}": (i / 10, i / 10 + 5) for i in range(50)})
    counted.clear()
    list(stream_pieces(slices))
    assert len(counted) == 1
    assert counted[0] == round(9.9 * 8000)


def test_a_gap_is_jumped_over_where_the_format_can_be_entered_anywhere(tmp_path, counted):
    times = {"a": (1.0, 2.0), "b": (8.0, 9.0)}
    for extension, decoded in ((".wav", 16_000), (".flac", 16_000), (".ogg", 72_000), (".mp3", 72_000)):
        slices = parts_of(write(tmp_path / f"x{extension}", noise(80_000), 8000), times)
        counted.clear()
        list(stream_pieces(slices))
        assert counted == [decoded]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_slice(tmp_path):
    recording = write(tmp_path / "x.wav", noise(600 * 8000), 8000)  # 58 MB at 24 kHz
    slices = parts_of(recording, {"all": (0.0, 600.0), "most": (10.0, 590.0)})
    tracemalloc.start()
    n_samples = sum(len(piece.samples) for piece in stream_pieces(slices))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_samples == (600 + 580) * 24_000
    assert peak < 15e6  # a window is 2.9 MB


def test_the_file_is_closed_when_nobody_wants_more(tmp_path, monkeypatch):
    opened = []

    class Kept(soundfile.SoundFile):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            opened.append(self)

    recording = write(tmp_path / "x.wav", noise(80_000), 8000)
    monkeypatch.setattr(soundfile, "SoundFile", Kept)
    pieces = stream_pieces(parts_of(recording, {"a": (0.0, 1.0), "b": (0.5, 9.0)}))
    next(pieces)
    assert not opened[0].closed
    pieces.close()
    assert opened[0].closed
