"""Without the packages of an extra, the first thing that needs one says what installs it."""

import sys
from importlib.metadata import version

import pytest

import priosig
from priosig._core.extras import installed_versions
from priosig._core.shown import plot_dots
from priosig.audio.recordings import probe_recording
from priosig.audio.voice_activity import TalkMeter
from tests.paths import SMALL_MUQ

WHERE_NEEDED = {
    "soundfile": ("reading recordings", lambda folder: probe_recording(folder / "one.wav")),
    "silero_vad": ("finding talk", lambda folder: TalkMeter(16_000)),
    "matplotlib": ("plotting", lambda folder: plot_dots([], xlabel="AUC")),
    "muq": ("encoding with MuQ", lambda folder: priosig.MuQExtractor(SMALL_MUQ, device="cpu")),
}


@pytest.mark.parametrize("module", WHERE_NEEDED)
def test_a_missing_package_is_named_with_what_installs_it(module, tmp_path, monkeypatch):
    purpose, use = WHERE_NEEDED[module]
    (tmp_path / "one.wav").write_bytes(b"RIFF")
    monkeypatch.setitem(sys.modules, module, None)
    extra = "plot" if module == "matplotlib" else "muq"
    with pytest.raises(ModuleNotFoundError, match=rf"^{purpose} needs {module}: pip install 'priosig\[{extra}\]'$"):
        use(tmp_path)


def test_versions_are_those_of_what_is_installed():
    assert installed_versions(("numpy", "no-such-package")) == {"numpy": version("numpy")}
