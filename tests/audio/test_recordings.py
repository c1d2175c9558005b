"""Finding recordings, and what is wrong with them."""

import struct

import numpy as np
import pytest

from priosig.audio.recordings import find_recording, probe_recording
from priosig.audio.slices import read_segment
from tests.short_recordings import RATE, noise, write

# Finding a recording.


@pytest.mark.parametrize("extension", [".wav", ".flac", ".ogg", ".mp3"])
def test_recording_is_found_by_id_and_probed_in_every_format(tmp_path, extension):
    written = write(tmp_path / f"abc_-123{extension}", noise(2, 44100), 44100, "PCM_16")
    recording = probe_recording(find_recording(tmp_path, "abc_-123"))
    assert recording.path == written
    assert (recording.samplerate, recording.channels) == (44100, 1)
    assert recording.duration == pytest.approx(2, abs=0.05)  # MP3 pads


def test_missing_recording_says_what_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no recording of video abc; looked for abc\.wav, abc\.flac"):
        find_recording(tmp_path, "abc")
    with pytest.raises(FileNotFoundError, match="no such directory"):
        find_recording(tmp_path / "nowhere", "abc")


def test_a_video_in_place_of_a_recording_is_named_with_the_command_that_converts_it(tmp_path):
    directory = tmp_path / "my audio"
    directory.mkdir()
    (directory / "abc.mp4").touch()
    with pytest.raises(FileNotFoundError) as error:
        find_recording(directory, "abc")
    said = f"; there is abc.mp4, which is not read: ffmpeg -i '{directory}/abc.mp4' -vn '{directory}/abc.wav'"
    assert str(error.value).endswith(said)


def test_two_recordings_of_one_video_are_refused(tmp_path):
    for extension in (".wav", ".flac"):
        write(tmp_path / f"abc{extension}", noise(1), subtype="PCM_16")
    with pytest.raises(ValueError, match=r"several recordings of video abc: abc\.wav, abc\.flac"):
        find_recording(tmp_path, "abc")


@pytest.mark.parametrize("video_id", ["../abc", "/etc/passwd", "a/b", "a\\b", "abc\0", "", ".hidden", "abc\n"])
def test_video_id_cannot_name_a_file_elsewhere(tmp_path, video_id):
    (tmp_path / "audio").mkdir()
    write(tmp_path / "abc.wav", noise(1))
    with pytest.raises(ValueError, match="video_id"):
        find_recording(tmp_path / "audio", video_id)


# What is wrong with a file.


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.wav: no such file"):
        probe_recording(tmp_path / "x.wav")


def test_empty_file_is_an_error(tmp_path):
    (tmp_path / "x.wav").touch()
    with pytest.raises(ValueError, match=r"x\.wav: empty file \(0 bytes\)"):
        probe_recording(tmp_path / "x.wav")


def test_file_that_is_not_audio_is_an_error(tmp_path):
    (tmp_path / "x.wav").write_text("<html>404</html>")
    with pytest.raises(ValueError, match=r"x\.wav: cannot be read as audio .*Format not recognised"):
        probe_recording(tmp_path / "x.wav")


def test_recording_without_samples_is_an_error(tmp_path):
    write(tmp_path / "x.wav", noise(0))
    with pytest.raises(ValueError, match=r"x\.wav: holds no samples"):
        probe_recording(tmp_path / "x.wav")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_truncated_wav_is_an_error_that_counts_samples(tmp_path, subtype, channels):
    path = write(tmp_path / "x.wav", noise(2, channels=channels), subtype=subtype)
    frame_bytes = channels * {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}[subtype]
    path.write_bytes(path.read_bytes()[: -1000 * frame_bytes])
    with pytest.raises(ValueError, match=r"x\.wav: truncated: its header promises 16000 samples, only 15\d\d\d"):
        probe_recording(path)


def test_truncated_flac_is_an_error(tmp_path):
    path = write(tmp_path / "x.flac", noise(10), subtype="PCM_16")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"x\.flac: (truncated|cannot be read as audio)"):
        probe_recording(path)


def test_wav_written_to_a_pipe_makes_no_promise(tmp_path):
    path = write(tmp_path / "x.wav", noise(1), subtype="PCM_16")
    content = path.read_bytes()
    at = content.index(b"data") + 4
    path.write_bytes(content[:at] + struct.pack("<I", 0xFFFFFFFF) + content[at + 4 :])
    assert probe_recording(path).n_frames == RATE


def test_extra_chunks_before_the_data_are_stepped_over(tmp_path):
    path = write(tmp_path / "x.wav", noise(1), subtype="PCM_16")
    content = path.read_bytes()
    at = content.index(b"data")
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # chunks are padded to even lengths
    path.write_bytes(
        content[:4] + struct.pack("<I", len(content) - 8 + len(odd)) + content[8:at] + odd + content[at:]
    )
    assert probe_recording(path).n_frames == RATE
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="promises 8000 samples, only 7950 are there"):
        probe_recording(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_sample_that_is_not_a_number_is_an_error_that_says_when(tmp_path, bad):
    samples = noise(4, channels=2)
    samples[round(2.5 * RATE), 1] = bad
    path = write(tmp_path / "x.wav", samples)
    with pytest.raises(ValueError, match=r"x\.wav: NaN or infinite sample at second 2\.500"):
        read_segment(path, 1.0, 3.0)
    assert np.isfinite(read_segment(path, 0.0, 2.5)[0]).all()
