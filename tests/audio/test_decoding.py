"""Reading a recording forward."""

import numpy as np
import pytest
import soundfile

from priosig.audio.decoding import MonoReader
from priosig.audio.recordings import Recording, probe_recording


def write(path, samples, rate):
    """In small blocks: libsndfile's Vorbis encoder overflows its stack on large ones."""
    with soundfile.SoundFile(path, "w", rate, samples.shape[1]) as file:
        for start in range(0, len(samples), 10_000):
            file.write(samples[start : start + 10_000])
    return probe_recording(path)


def noise(n, channels=1, seed=0):
    rng = np.random.default_rng(seed)
    swell = 0.2 + np.abs(np.sin(np.arange(n) / 10_000))[:, None]
    return (0.2 * swell * rng.uniform(-1, 1, (n, channels))).astype(np.float32)


def decoded_at_once(recording):
    """The whole file by one call to libsndfile, which never seeks."""
    with soundfile.SoundFile(recording.path) as file:
        file.seekable = lambda: False
        return file.read(recording.n_frames, dtype="float32", always_2d=True).mean(axis=1, dtype=np.float64)


# MP3 at 22,050 Hz mono borrows the most from earlier frames; a jump there is wrong by up to a third of full scale.
@pytest.mark.parametrize(
    ("rate", "channels"),
    [(22_050, 1), pytest.param(44_100, 1, marks=pytest.mark.slow), pytest.param(44_100, 2, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("extension", [".wav", ".flac", ".ogg", ".mp3"])
def test_samples_do_not_depend_on_how_the_reader_got_there(tmp_path, extension, rate, channels):
    recording = write(tmp_path / f"x{extension}", noise(12 * rate, channels), rate)
    whole = decoded_at_once(recording).astype(np.float32)
    rng = np.random.default_rng(1)
    for _ in range(4):
        at = 0
        with MonoReader(recording) as reader:
            while at < len(whole):
                first = min(at + int(rng.choice([0, 0, 1, 1000, 30_000])), len(whole) - 1)
                n = min(int(rng.integers(1, 40_000)), len(whole) - first)
                np.testing.assert_array_equal(reader.read(first, n), whole[first : first + n])
                at = first + n


def test_six_channels_are_averaged(tmp_path):
    samples = noise(1000, 6)
    soundfile.write(tmp_path / "x.wav", samples, 8000, subtype="FLOAT")
    with MonoReader(probe_recording(tmp_path / "x.wav")) as reader:
        np.testing.assert_allclose(reader.read(0, 1000), samples.mean(axis=1), atol=1e-7)


def test_reading_backwards_is_refused(tmp_path):
    recording = write(tmp_path / "x.wav", noise(8000), 8000)
    with MonoReader(recording) as reader:
        reader.read(0, 100)
        with pytest.raises(ValueError, match=r"x\.wav: asked for sample 50 after 100"):
            reader.read(50, 10)


@pytest.mark.parametrize("extension", [".wav", ".mp3"])
def test_a_file_that_ends_early_is_an_error_that_says_when(tmp_path, extension):
    path = write(tmp_path / f"x{extension}", noise(16_000), 8000).path
    promised = Recording(path, 8000, 24_000, 1)
    with (
        MonoReader(promised) as reader,
        pytest.raises(ValueError, match=r"truncated: 8000 samples missing from second 2\.000 on"),
    ):
        reader.read(10_000, 14_000)


def test_a_file_of_another_rate_than_its_header_said_is_refused(tmp_path):
    recording = write(tmp_path / "x.wav", noise(8000), 8000)
    soundfile.write(recording.path, noise(16_000), 16_000)
    with pytest.raises(ValueError, match=r"x\.wav: changed since its header was read \(16000 Hz, .* 8000 Hz"):
        MonoReader(recording)


def test_a_file_that_is_audio_no_more_is_an_error(tmp_path):
    recording = write(tmp_path / "x.wav", noise(8000), 8000)
    recording.path.write_text("gone")
    with pytest.raises(ValueError, match=r"x\.wav: cannot be decoded at second 0\.000 .*expected whole audio"):
        MonoReader(recording)
