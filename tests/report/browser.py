"""Pages in headless Chromium: each in a frame of some size and colour scheme, into which a script looks."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
    "--allow-file-access-from-files", "--dump-dom",
)  # fmt: skip
SIZES = {"desktop": (1280, 900), "tablet": (820, 1180), "phone": (390, 844), "paper": (703, 1000)}
SCHEMES = ("light", "dark")


def frame(name: str, path: Path, size: str, scheme: str) -> str:
    # A page in a frame takes the colour scheme of the frame for what its reader prefers.
    width, height = SIZES[size]
    style = f"width: {width}px; height: {height}px; border: 0; color-scheme: {scheme}"
    return f'<iframe id="{name}" src="{path.as_uri()}" style="{style}"></iframe>'


def without_policy(page: Path) -> str:
    """The page's HTML without the policy that forbids scripts."""
    text, n_policies = POLICY.subn("", page.read_text(encoding="utf-8"))
    assert n_policies == 1
    return text


def look_at(frames: list[str], probe: Path, directory: Path, *flags: str) -> tuple[dict[str, dict], list[str]]:
    """What the script `probe` leaves in <pre id="found">, by name of a frame, and every message on the console.

    All in one start of the browser; the test is skipped where there is none. `directory` is for scratch.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser to look at the page with (none of {', '.join(BROWSERS)} is installed)")
    looks = directory / "looks.html"
    looks.write_text(
        f'<!doctype html><meta charset="utf-8"><body>{"".join(frames)}<script src="{probe.as_uri()}"></script>',
        encoding="utf-8",
    )
    command = [browser, *FLAGS, *flags, f"--user-data-dir={directory / 'profile'}", looks.as_uri()]
    # Crash reports and caches that do not follow --user-data-dir belong into the scratch directory too.
    environment = os.environ | {"XDG_CONFIG_HOME": str(directory), "XDG_CACHE_HOME": str(directory)}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=600, env=environment)
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, f"{browser} gave no answer (status {done.returncode}): {done.stderr[-2000:]}"
    return json.loads(html.unescape(match[1])), re.findall(r"^.*CONSOLE.*$", done.stderr, re.MULTILINE)
