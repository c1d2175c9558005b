"""axe-core finds nothing in the page that keeps people with a disability from using it.

In headless Chromium, 390 and 1280 CSS pixels wide, light and dark, as the page is and with every part unfolded. The
page forbids scripts, so a copy without that policy brings axe along. Contrast is left to `test_page_in_a_browser` but
for what is unfolded at 390: it is slow, and axe cannot tell it for texts in plots.
"""

from importlib.resources import as_file, files
from pathlib import Path

import pytest

from priosig.report.page import write_index, write_report
from tests.report.browser import SCHEMES, SIZES, frame, look_at, without_policy
from validation.harness.options import setting
from validation.harness.runs import run_world

pytestmark = pytest.mark.slow

WORLDS = ("signal", "length_leak")
LOOKS = [(page, size, scheme) for page in (*WORLDS, "index") for size in ("desktop", "phone") for scheme in SCHEMES]
PROBE = Path(__file__).with_name("axe_probe.js")
AXE = files("axe_playwright_python") / "axe.min.js"
WAIT = "--virtual-time-budget=600000"  # ms of a clock that stands while there is work: axe works on after loading
NO_ALTERNATIVE = '<img src="data:,">'
FAINT = '<p style="color: #aaa; background: #fff">faint</p>'


@pytest.fixture(scope="module")
def seen(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    directory = tmp_path_factory.mktemp("axe")
    experiments = [run_world(world, setting(pytestconfig, "cache")) for world in WORLDS]
    pages = {world: write_report(run, directory) for world, run in zip(WORLDS, experiments, strict=True)}
    pages["index"] = write_index(experiments, directory)
    with as_file(AXE) as axe:
        script = f'<script src="{axe.as_uri()}"></script>'
        texts = {name: without_policy(page) + script for name, page in pages.items()}
        wrong = f"{NO_ALTERNATIVE}<details><summary>More</summary>{FAINT}</details></main>"
        texts["broken"] = texts["index"].replace("</main>", wrong)
        copies = {name: directory / f"{name}.html" for name in texts}
        for name, text in texts.items():
            copies[name].write_text(text, encoding="utf-8")
        frames = [frame("-".join(look), copies[look[0]], *look[1:]) for look in LOOKS]
        frames += [frame("broken-phone-dark", copies["broken"], "phone", "dark")]
        looks, console = look_at(frames, PROBE, directory, WAIT)
    assert console == []
    return looks


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_wrong_whether_or_not_parts_are_folded(seen: dict[str, dict], look: tuple[str, str, str]):
    page, size, scheme = look
    probed = seen["-".join(look)]
    assert (probed["width"], probed["scheme"]) == (SIZES[size][0], scheme)
    assert (probed["n_folded"] > 0) == (page in WORLDS)
    assert probed["folded"]["violations"] == {}
    assert probed["unfolded"]["violations"] == {}
    passed = probed["unfolded"]["passed"]
    assert {"heading-order", "landmark-one-main"} <= set(passed)
    assert ("color-contrast" in passed) == (size == "phone")


def test_axe_finds_what_is_wrong_and_what_is_folded_once_it_is_not(seen: dict[str, dict]):
    folded, unfolded = (seen["broken-phone-dark"][state]["violations"] for state in ("folded", "unfolded"))
    assert folded == {"image-alt": [NO_ALTERNATIVE]}
    assert unfolded == {"image-alt": [NO_ALTERNATIVE], "color-contrast": [FAINT]}
