"""What a report is put together from: words, tables, segments, clips, each by itself."""

import dataclasses
import io
import re
import subprocess
import sys

import numpy as np
import pytest

from priosig.experiment.planted import PLANTED
from priosig.experiment.sensitivity import Choice, Row
from priosig.report import clips
from priosig.report.grid import Cell, grid
from priosig.report.mistakes import video_link
from priosig.report.plots import of_models, of_windows
from priosig.report.plots.panel import round_ticks
from priosig.report.words import clock, number, p_words, pvalue, share, smallest_p, visible
from priosig.worlds.worlds import WORLDS


def test_a_link_leads_to_the_second():
    assert video_link("abc", 3661.99) == "https://www.youtube.com/watch?v=abc&t=3661s"


def test_sound_keeps_its_length_and_pitch():
    import soundfile

    t = np.arange(clips.RATE) / clips.RATE
    samples, rate = soundfile.read(io.BytesIO(clips.mp3(np.float32(0.5 * np.sin(2 * np.pi * 440 * t)))))
    assert rate == clips.RATE
    assert len(samples) / rate == pytest.approx(1.0, abs=0.1)
    assert np.argmax(np.abs(np.fft.rfft(samples[:rate]))) == pytest.approx(440, abs=2)


def test_a_spectrogram_shows_a_tone_at_its_height():
    t = np.arange(2 * clips.RATE) / clips.RATE
    levels = clips.spectrogram(np.sin(2 * np.pi * 1250 * t))
    assert levels.shape == (80, 320)
    assert set(np.argmax(levels[:, 10:-10], axis=0)) <= {58, 59, 60}  # a quarter of 5 kHz: row 60 of 80 from the top
    assert not clips.spectrogram(np.zeros(16_000)).any()


def test_a_picture_is_a_png_of_the_levels():
    from matplotlib.image import imread

    levels = np.random.default_rng(0).integers(0, 16, (80, 320)).astype(np.uint8)
    image = imread(io.BytesIO(clips.png(levels)))[..., :3].sum(axis=2)
    assert image.shape == (80, 320)
    lightness = [image[levels == k] for k in range(16)]
    assert all(np.ptp(values) == 0 for values in lightness)
    assert sorted(v[0] for v in lightness) == [v[0] for v in lightness]


def test_text_in_a_plot_is_escaped_and_not_typeset():
    svg = of_windows.timeline([("<b>$x^2$&", [(0, 1)], [(2, 3)])])
    assert "&lt;b&gt;$x^2$&amp;" in svg


def test_ticks_lie_within_and_are_not_too_many():
    for low, high in ((0, 1), (-3.7, 12.2), (0.501, 0.502), (0, 71.3), (5, 5)):
        ticks = round_ticks(low, high)
        assert 1 <= len(ticks) <= 6
        assert all(low <= tick <= high for tick in ticks)


def test_matplotlib_and_jinja_are_imported_only_when_a_page_is_made():
    modules = "priosig.report.page, priosig.report.compare"
    code = f"import sys, {modules}; print(*{{'matplotlib', 'jinja2', 'torch'}} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_every_world_has_a_sentence_on_what_was_planted():
    assert set(PLANTED) == set(WORLDS)


def test_a_row_of_sensitivity_names_what_was_varied_and_holds_both_models():
    from priosig.report.sensitivity import sensitivity

    base = Choice("none", "clean", 10.0, 5.0, 1.0)
    varied = [
        base,
        dataclasses.replace(base, varied="view, length", view="annotated", length=None),
        dataclasses.replace(base, varied="view, length", view="equal", length=5.0),
        dataclasses.replace(base, varied="shortest CONTINUE", min_continue_duration=2.0),
        dataclasses.replace(base, varied="C", C=0.1),
        dataclasses.replace(base, varied="pooling", pooling="mean only"),
    ]
    rows = [Row(choice, m, 12, 10, 0.5, 0.4, 0.5, "no signal", n_permutations=39) for choice in varied for m in "AB"]
    rows = [*rows[:-1], dataclasses.replace(rows[1], choice=rows[-1].choice, verdict="", problem="no head")]
    found = sensitivity(rows, alpha=0.05)
    assert [row[0].text.replace("\u00a0", " ") for row in found["table"].rows] == [
        "As chosen", "annotated view", "equal view, 5 s", "shortest CONTINUE 2 s", "C = 0.1", "pooling: mean only",
    ]  # fmt: skip
    assert found["table"].rows[-1][-1].note == "no head"
    assert "0.025 is the smallest p that 39 relabellings can give (0.050" in found["floor"]
    assert not found["blind"]


def test_a_number_is_written_in_one_way():
    assert [pvalue(p) for p in (0.0001, 0.005, 0.01, 1.0)] == ["0.0001", "0.005", "0.010", "1.000"]
    assert [pvalue(p) for p in (0.00001, 0.0502)] == ["< 0.0001", "0.0502"]  # never 0, nor on the wrong side of 0.05
    assert p_words(0.01, "T1") == "T1\u00a0p\u00a0=\u00a00.010"
    assert p_words(0.00001) == "p\u00a0<\u00a00.0001"
    assert (number(-0.5), number(float("nan")), share(0.934)) == ("−0.50", "–", "93%")
    assert smallest_p(199) == "0.005 is the smallest p that 199 relabellings can give"
    assert clock(892.0) == "14:52"
    assert visible("a\ud800b") == "a\ufffdb"
    assert visible("a\x1b[31mb\x1b]8;;http://x\x07c\x1b(B\x9b2Jd\x00\ufeff") == "abcd"
    assert visible("a\x1b]no end\r\nb\u2028c") == "ano end\nb\nc"


def test_a_table_with_a_row_too_short_is_refused():
    with pytest.raises(ValueError, match="a row of 1 cells; expected 2"):
        grid("caption", ("a", "b"), [("one", "two"), (Cell("one"),)])


def test_a_null_distribution_has_its_counts_and_the_observed_value_in_words():
    null = np.repeat([0.45, 0.55], [3, 7])
    svg = of_models.null_distributions([("T2: beyond confounds", null, 0.9, "p = 0.091")])
    texts = re.findall(r">([^<>]+)</text>", svg)
    assert {"0", "7", "relabellings", "observed 0.90, p = 0.091", "T2: beyond confounds"} <= set(texts)


def test_discs_grow_with_the_correlation_and_have_a_key():
    def widths(r: float) -> set[str]:
        matrix = np.array([[1, r], [r, 1]])
        svg = of_models.correlations(["one", "two"], matrix)
        assert {"−1", "−0.6", "−0.2", "0.2", "0.6", "1"} <= set(re.findall(r">([^<>]+)</text>", svg))
        return set(re.findall(r'<path id="[^"]+" d="M 0 ([\d.]+)', svg))

    shown = widths(0.2)  # no more than the key
    extra = [widths(r) - shown for r in (0.0, 0.5, 0.8)]
    assert [len(new) for new in extra] == [1, 1, 1]
    radii = [float(*new) for new in extra]
    assert radii == sorted(radii)


def test_every_fold_of_a_coefficient_is_drawn_on_top_of_its_range():
    svg = of_models.coefficients([("tempo: fast", "slow", np.array([0.1, 0.2, 0.35]), True)])
    assert svg.rindex("var(--bar)") < svg.index("<use", svg.rindex("var(--bar)"))
    assert len(re.findall(r"<use [^>]*var\(--paper\)", svg[svg.rindex("var(--bar)") :])) == 3
    assert "700" in svg  # what is stable is bold
