"""What a report is put together from: words, tables, segments, clips, each by itself."""

import dataclasses
import io
import math
import re
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from priosig.annotations.bouts import Bout
from priosig.experiment.planted import EXPECTED, PLANTED
from priosig.experiment.sensitivity import Choice, Row
from priosig.experiment.sensitivity import choices as choices_of
from priosig.experiment.views import VIEW_KINDS
from priosig.inference.coefficients import rank_correlation
from priosig.inference.confounds_alone import TOGETHER
from priosig.report import clips
from priosig.report.grid import Cell, grid
from priosig.report.material import Material
from priosig.report.numbers import needed
from priosig.report.plots import beside, choices, coefficients, correlations, nulls, power, svg, timeline
from priosig.report.plots.svg import round_ticks
from priosig.report.sensitivity import name_of, sensitivity
from priosig.report.tables import experiment_tables
from priosig.report.words import clock, number, p_words, pvalue, share, smallest_p, visible
from priosig.worlds.worlds import WORLDS
from tests.small_experiment import with_label, with_plan


def test_a_link_leads_to_the_second(description):
    assert Material(description).link("abc", 3661.99) == "https://www.youtube.com/watch?v=abc&t=3661s"


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
    from PIL import Image

    levels = np.random.default_rng(0).integers(0, 16, (80, 320)).astype(np.uint8)
    image = np.asarray(Image.open(io.BytesIO(clips.png(levels))).convert("RGB")).astype(int).sum(axis=2)
    assert image.shape == (80, 320)
    lightness = [image[levels == k] for k in range(16)]
    assert all(np.ptp(values) == 0 for values in lightness)
    assert sorted(v[0] for v in lightness) == [v[0] for v in lightness]


def test_text_in_a_plot_is_escaped_and_not_typeset():
    words = '<b>$x^2$&"\x1b[31m'
    shapes = [svg.text(0, 0, words), svg.pointed(svg.dot(0, 0), words, "#x", reached=True)]
    drawn = svg.drawing(10, 10, shapes, words)
    assert drawn.count("&lt;b&gt;$x^2$&amp;&quot;") == 4
    assert "\x1b" not in drawn
    assert "<b>" not in drawn


def test_a_value_beyond_an_axis_lies_on_its_edge():
    at = svg.across(0, 1, 100, 200)
    assert [at(value) for value in (-1, 0, 0.25, 1, 2)] == [100, 100, 125, 200, 200]
    assert svg.across(3, 3, 0, 10)(3) == 0


def test_every_model_has_a_shape_of_its_own():
    assert len({svg.model_mark(0, 0, k) for k in range(4)}) == 4


def test_ticks_lie_within_and_are_not_too_many():
    for low, high in ((0, 1), (-3.7, 12.2), (0.501, 0.502), (0, 71.3), (5, 5)):
        ticks = round_ticks(low, high)
        assert 1 <= len(ticks) <= 6
        assert all(low <= tick <= high for tick in ticks)


def test_jinja_and_torch_are_imported_only_when_a_page_is_made():
    modules = "priosig.report.page, priosig.report.compare"
    code = f"import sys, {modules}; print(*{{'PIL', 'jinja2', 'torch'}} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_every_world_has_a_sentence_on_what_was_planted():
    assert set(PLANTED) == set(EXPECTED) == set(WORLDS)


def test_a_row_of_sensitivity_names_what_was_varied_and_holds_both_models(description):
    base = Choice("none", "clean", 10.0, 5.0, 1.0)
    varied = [
        base,
        dataclasses.replace(base, varied="view, length", view="annotated", length=None),
        dataclasses.replace(base, varied="view, length", view="equal", length=5.0),
        dataclasses.replace(base, varied="guard", guard=0.0),
        dataclasses.replace(base, varied="controls", view="bouts", nearest=2),
        dataclasses.replace(base, varied="shortest CONTINUE", min_continue_duration=2.0),
        dataclasses.replace(base, varied="C", C=0.1),
        dataclasses.replace(base, varied="pooling", pooling="mean only"),
    ]
    rows = [Row(choice, m, 12, 10, 0.5, 0.4, 0.5, "no signal", n_permutations=39) for choice in varied for m in "AB"]
    rows = [*rows[:-1], dataclasses.replace(rows[1], choice=rows[-1].choice, verdict="", problem="no head")]
    material = Material(description, (), sensitivity=rows)
    shown = sensitivity(material)
    names = ["as chosen", "annotated", "equal, 5 s", "0 s of guard", "2 nearest controls", "CONTINUE from 2 s"]
    names += ["C = 0.1", "mean only"]
    assert [row[0].text.replace("\u00a0", " ") for row in shown["table"].rows] == names
    assert shown["table"].rows[-1][-1].note == "no head"
    assert "0.025 is the smallest p that 39 relabellings can give (0.050" in shown["floor"]
    assert not shown["blind"]
    [plot] = choices.figures(material)
    assert plot.roomy.count("<title>") == len(rows)
    assert "Model B 50, no signal" in plot.roomy


@pytest.mark.parametrize("view", VIEW_KINDS)
def test_every_choice_that_is_tried_has_a_name_of_its_own_and_a_row(description, view):
    tried = list(choices_of(description.annotations, view))
    assert len({name_of(choice) for choice in tried}) == len(tried)
    rows = [Row(choice, "A", 12, 10, 0.5, 0.4, 0.5, "no signal") for choice in tried]
    table = experiment_tables(Material(description, sensitivity=rows))["sensitivity"]
    told = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["guard"], row["nearest"]) for row in told] == [(c.guard, c.nearest) for c in tried]
    assert {row["model"] for row in told} == {"A"}


def test_a_number_is_written_in_one_way():
    assert [pvalue(p) for p in (0.0001, 0.005, 0.01, 1.0)] == ["0.0001", "0.005", "0.010", "1.000"]
    assert [pvalue(p) for p in (0.00001, 0.0502)] == ["< 0.0001", "0.0502"]  # never 0, nor on the wrong side of 0.05
    assert p_words(0.01) == "p\u00a0=\u00a00.010"
    assert p_words(0.00001) == "p\u00a0<\u00a00.0001"
    assert (number(-0.5), number(float("nan")), share(0.934)) == ("−0.50", "–", "93%")
    assert smallest_p(199, 1) == "0.005 is the smallest p that 199 relabellings can give"
    assert clock(892.0) == "14:52"
    assert visible("a\ud800b") == "a\ufffdb"
    assert visible("a\x1b[31mb\x1b]8;;http://x\x07c\x1b(B\x9b2Jd\x00\ufeff") == "abcd"
    assert visible("a\x1b]no end\r\nb\u2028c") == "ano end\nb\nc"


def test_of_all_control_characters_line_ends_and_tabs_are_left():
    controls = [chr(c) for c in range(0x100) if unicodedata.category(chr(c)) == "Cc"]  # Unicode adds no others
    shown = {visible(f"a{c}") for c in controls}
    assert len(controls) == 65
    assert shown == {"a", "a\n", "a\t"}


def test_a_table_with_a_row_too_short_is_refused():
    with pytest.raises(ValueError, match="a row of 1 cells; expected 2"):
        grid("caption", ("a", "b"), [("one", "two"), (Cell("one"),)])


def test_a_null_distribution_says_the_p_that_the_tables_have(experiment):
    [plot, _] = nulls.figures(Material(experiment, ()))
    a = experiment.views["clean"].assessments["A"]
    assert a.any_signal_pvalue != a.any_signal.pvalue  # corrected for two models
    assert f"observed {number(a.any_signal.statistic)}, {p_words(a.any_signal_pvalue)}" in plot.roomy


def test_every_fold_of_a_coefficient_is_drawn_and_a_finding_is_bold_where_there_is_a_signal(experiment):
    [plot] = coefficients.figures(Material(experiment, ()))
    assert "font-weight" not in plot.roomy
    assert "Not interpretable" in plot.caption
    [plot] = coefficients.figures(Material(with_label(experiment, "signal"), ()))
    n_folds = experiment.views["clean"].models["B"]["coefficients"].shape[0]
    assert plot.roomy.count("<circle") == 19 * n_folds
    assert re.findall(r'font-weight="600"[^>]*>([^<]+)<', plot.roomy) == ["pedal: clean", "blurred"]


def test_discs_grow_with_the_correlation_and_are_open_where_it_is_negative(experiment):
    matrix = rank_correlation(experiment.views["clean"].features.quality)
    [plot] = correlations.figures(Material(experiment, ()))
    discs = re.findall(r'r="([\d.]+)" fill="var\(--(\w+)\)"', plot.roomy)
    rows, columns = np.tril_indices(19, -1)
    assert len(discs) == len(rows)
    for (r, fill), value in zip(discs, matrix[rows, columns], strict=True):
        assert fill == ("ink" if value >= 0 else "paper")
        assert float(r) == pytest.approx(max(4.2 * abs(value), 0.5), abs=0.06)


def test_the_plot_of_what_is_needed_has_a_line_a_strength(description):
    assert power.figures(Material(description, ())) == []
    [plot] = power.figures(Material(with_plan(description), ()))
    assert plot.roomy.count("<polyline") == 2
    assert "20 videos detect a signal of 70 in 100 with a chance of 90%; its interval is 0.12 wide" in plot.roomy
    assert "65 in 100: more than 20, 70 in 100: 14" in plot.caption
    assert all(any(mark in plot.roomy for mark in marks) for marks in ("circle", "polygon"))  # a shape a strength
    labels = [float(y) for y in re.findall(r'<text x="34" y="([\d.]+)"', plot.roomy)]
    assert len(labels) == 2
    assert abs(labels[0] - labels[1]) >= 18


def test_a_table_says_what_the_videos_at_hand_could_have_shown(experiment):
    assert needed(Material(with_label(experiment, "signal", power=math.nan), ())) is None
    tested = with_label(
        experiment,
        "underpowered",
        power=0.1,
        hard_power=math.nan,
        probe_auc=0.66,
        videos_needed=((0.65, None), (0.7, 14)),
    )
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in needed(Material(tested, ()))["table"].rows}
    assert rows["Chance to detect a signal worth 70 in 100"] == ["10%", "10%"]
    assert rows["How often in 100 the model ranks it right"] == ["66", "66"]
    assert rows["Videos like these for a signal worth 70"] == ["14", "14"]
    assert rows["Videos like these for a signal worth 65"] == ["more than tried"] * 2
    assert "The same, where the features hardly vary" not in rows  # not tried


def test_a_choice_that_could_not_be_run_says_so_in_the_plot(description):
    choice = Choice("none", "bouts", 2.0, 5.0, 1.0)
    nan = float("nan")
    rows = [Row(choice, model, 0, 0, nan, nan, nan, "invalid design", problem="no bout") for model in "AB"]
    [plot] = choices.figures(Material(description, (), sensitivity=rows))
    assert plot.roomy.count("could not be run</text>") == 1
    assert "<title>no bout</title>" in plot.roomy


def test_a_timeline_has_a_lane_of_bouts_that_tells_which_beginnings_were_heard(description):
    videos = sorted({moment.video_id for moment in description.annotations.moments})
    material = Material(description, ())
    vars(material)["bouts"] = {videos[0]: (Bout(2.0, 20.0, True), Bout(30.0, 40.0, False))}
    first, second = (re.findall(r"<title>(Bout [^<]*)<", plot.roomy) for plot in timeline.figures(material))
    assert first == ["Bout of playing, 0:02 to 0:20", "Bout of playing, 0:30 to 0:40, its beginning not heard"]
    assert second == []


def test_the_first_plot_shows_what_is_left_of_each_predictor(experiment):
    [plot] = beside.figures(Material(experiment, ()))
    shown = re.findall(r">([^<]+ → [^<]+)</text>", plot.roomy)
    lines = re.findall(r'text-anchor="end"[^>]*>([^<]+)</text>', plot.roomy)[1:]
    assert dict(zip(lines, shown, strict=True))["length"].endswith("→ –")
    model = experiment.views["clean"].models["A"]
    assert f"→ {100 * model['auc_within_video']:.0f}" in dict(zip(lines, shown, strict=True))["Model A"]
    assert "since feedback\u00a0†" in lines
    assert "† goes with the label by the definition of these windows" in plot.caption
    assert "all together: length and place (windows as annotated)." in plot.caption
    assert "published" not in plot.caption
    assert f"→ {100 * model['auc']:.0f}" in dict(zip(lines, shown, strict=True))["A across videos"]


def test_the_first_plot_says_what_all_together_holds_in_each_view(experiment):
    clean = experiment.views["clean"]
    first = dataclasses.replace(clean.design.baselines[0], role="artefact")
    held = tuple(dataclasses.replace(first, name=name) for name in ("place", "talk_captions", TOGETHER))
    clean = dataclasses.replace(clean, design=dataclasses.replace(clean.design, baselines=held))
    [plot] = beside.figures(Material(dataclasses.replace(experiment, views=experiment.views | {"clean": clean}), ()))
    assert "length and place (windows as annotated), place and talk (captions) (clean view)." in plot.caption
