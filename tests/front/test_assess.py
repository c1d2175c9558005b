"""Embeddings of anybody: what `assess` takes, and what it finds."""

import sys

import numpy as np
import pytest

from priosig import assess
from priosig.crossval.leave_one_video_out import leave_one_video_out_cv
from priosig.front.given import confounds_of, times_of
from priosig.inference.assessment import assess_models
from priosig.inference.data import labelled_segments
from priosig.inference.design import assess_design
from priosig.verdict.rule import Rule
from tests.front.studies import FEW, STAGES, TIMES, study

pytestmark = pytest.mark.usefixtures("few_replicates")


def test_a_planted_signal_is_a_signal(planted):
    assert planted.verdict.label == "signal"
    assert planted.pvalue == planted.pvalue_beyond_confounds == 1 / 40
    assert planted.low < planted.auc <= planted.high


def test_a_planted_artefact_is_found_before_the_features_are_tested(artefact):
    assert artefact.auc > 0.9
    assert artefact.verdict.label == "invalid design"
    assert "a predictor that knows only seconds ranks a positive above a negative" in artefact.verdict.sentence
    assert artefact.assessment is None
    assert np.isnan(artefact.pvalue)


def test_an_invalid_design_is_tested_all_the_same_if_everything_is_asked_for(artefact):
    result = assess(*study(shift=0.0, leak=4.0), full=True, **FEW)
    assert result.verdict.label == "invalid design"
    assert result.pvalue == 1 / 40
    p, p_beyond = result.pvalue, result.pvalue_beyond_confounds
    assert f"T1 {p:.3f}, T2 {p_beyond:.3f}\n" in repr(result)
    assert result.rows()[0]["pvalue_beyond_confounds"] == p_beyond
    assert result.auc == pytest.approx(artefact.auc, abs=1e-12)


def test_scores_are_those_of_leave_one_group_out_in_the_order_of_the_rows():
    X, y, groups, _ = study()
    mixed = np.random.default_rng(1).permutation(96)
    result = assess(X[mixed], y[mixed], groups[mixed], y[mixed], **FEW)  # ends early: the design is invalid
    one = leave_one_video_out_cv(X[mixed], y[mixed].astype(int), groups[mixed])
    np.testing.assert_allclose(result.scores, one["scores"], rtol=1e-6)
    assert result.auc == pytest.approx(one["auc_within_video"])
    assert result.auc_by_group == pytest.approx({row["video_id"]: row["auc"] for row in one["per_video"]})


def test_with_an_order_the_tests_are_those_of_neighbouring_pairs(ordered):
    X, y, groups, confounds = study(shift=0.4)
    data = labelled_segments(y.astype(int), groups, TIMES, confounds, X=X)
    expected = assess_models({"X": X}, data, assess_design(data, Rule(**FEW)))["X"]
    assert (ordered.pvalue, ordered.pvalue_beyond_confounds) == (
        expected.any_signal_pvalue, expected.beyond_confounds_pvalue,
    )  # fmt: skip
    assert ordered.evidence.scheme == "swap neighbouring pairs"
    assert "neighbours" in ordered.verdict.sentence


def test_without_an_order_labels_are_exchanged_within_groups_and_the_words_say_so(planted):
    _, y, groups, _ = study()
    assert planted.evidence.scheme == "shuffle within video"
    assert "labels shuffled within each group" in planted.verdict.sentence
    assert "neighbour" not in repr(planted)
    sets = next(step for step in planted.verdict.steps if step.name == "sets")
    smaller = [min(y[groups == g].sum(), (~y[groups == g]).sum()) for g in np.unique(groups)]
    assert (sets.observed, sets.outcome) == (str(sum(smaller)), "passed")


def test_dates_order_rows_as_numbers_do():
    dates = np.datetime64("2026-01-01") + TIMES.astype("timedelta64[D]")
    numbers = times_of("assess", dates, 96)
    np.testing.assert_array_equal(numbers - numbers[0], TIMES)


def test_a_drift_within_groups_passes_without_an_order_and_not_with_one():
    # Labels that come in blocks go with whatever drifts; between neighbours a drift is small.
    rng = np.random.default_rng(3)
    times, groups = np.tile(np.arange(24.0), 8), np.repeat(np.arange(8), 24)
    y = (times // 2 + groups) % 2 == 0
    y[times >= 16] |= rng.random((times >= 16).sum()) < 0.6
    X = times[:, None] / 8 + 0.3 * rng.normal(size=(192, 1))
    assert assess(X, y, groups, **FEW).pvalue < assess(X, y, groups, order=times, **FEW).pvalue


def test_the_verdict_speaks_the_words_that_are_given(without_confounds):
    X, y, groups, confounds = study(shift=0.0, leak=4.0)
    names = {"positive": "applause", "group": "concert", "item": "clip"}
    result = assess(X, np.where(y, "applause", "silence"), groups, confounds, names=names, **FEW)
    assert "applause and silence clips can be told apart" in result.verdict.sentence
    assert "ranks an applause above a silence of the same concert" in result.verdict.sentence
    teacher = ("STOP", "CONTINUE", "video", "window", "playing", "segment", "note")
    assert not [word for word in teacher if word in repr(result) + repr(without_confounds)]


@pytest.mark.parametrize("labels", [(1, 0), (2.5, -1.0), (np.int8(7), np.int8(3))])
def test_true_and_the_larger_number_are_positive(without_confounds, labels):
    X, y, groups, _ = study()
    coded = np.array(labels)[1 - y.astype(int)]
    result = assess(X, coded, groups, y, **FEW)  # ends early: the design is invalid
    assert result.auc == pytest.approx(without_confounds.auc, abs=1e-12)
    assert result.auc > 0.5


def test_categories_are_confounds_and_what_is_missing_somewhere_is_named():
    X, y, groups, _ = study(shift=1.0)
    rng = np.random.default_rng(5)
    device, room = np.array(["phone", "desk", "booth"])[rng.integers(0, 3, 96)], rng.normal(size=96)
    room[3] = np.nan
    result = assess(X, y, groups, {"device": device.tolist(), "room": room}, **FEW)
    assert {row["predictor"] for row in result.rows()} == {
        "X", "device = booth", "device = desk", "device = phone", "room", "all together",
    }  # fmt: skip
    assert "of these known in part: room" in result.verdict.sentence


def test_a_category_that_gives_the_label_away_is_found():
    X, y, groups, _ = study(shift=0.0)
    device = np.where(y ^ (np.random.default_rng(1).random(96) < 0.05), "phone", "desk")
    assert assess(X, y, groups, {"device": device}, **FEW).evidence.confound_names == ("device = phone",)


class Frame:
    """As much of a data frame as is asked for."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self._values = columns

    def __getitem__(self, name):
        return self._values[name]

    def to_numpy(self):
        return np.column_stack(list(self._values.values()))


def test_data_frames_and_arrays_serve_as_mappings_do(planted):
    X, y, groups, confounds = study()
    frame = assess(Frame(**{str(k): X[:, k] for k in range(6)}), y, groups, Frame(**confounds), **FEW)
    assert repr(frame) == repr(planted)
    array = np.column_stack([confounds["seconds"], y])
    columns, _ = confounds_of("assess", array, 96)
    assert list(columns) == ["x0", "x1"]
    np.testing.assert_array_equal(np.column_stack(list(columns.values())), array)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"X": np.zeros((96, 5, 4))}, r"X has shape \(96, 5, 4\).*pool frames over time"),
        ({"X": np.zeros(96)}, r"X\[:, None\]"),
        ({"X": np.where(np.eye(96, 3), np.nan, 0.0)}, r"X\[0, 0\] is nan, and 3 of 96 rows"),
        ({"X": [["a"]] * 96}, "cannot be read as numbers"),
        ({"y": np.arange(96.0)}, r"y holds 96 different values \(0.0, 1.0, 2.0, 3.0, ...\).*rating"),
        ({"y": np.ones(96)}, "y holds 1 different value"),
        ({"y": np.tile(["loud", "soft"], 48)}, r"names=\{\"positive\": 'loud'\}"),
        (
            {"y": np.tile(["yes", "no"], 48), "names": {"positive": "applause"}},
            r"'applause' is positive, which is not a value of y \(values are 'yes' and 'no'\).*True and False: "
            r"\[value == 'yes' for value in y\]",
        ),
        ({"acoustic": ["loudnes"]}, "acoustic names 'loudnes', which is no confound; expected some of seconds"),
        ({"acoustic": "seconds"}, r"acoustic is 'seconds'; expected names of confounds: \('loudness',\), say"),
        ({"acoustic": 5}, "acoustic is 5; expected names"),
        ({"acoustic": ["x"], "confounds": None}, "expected some of none, since no confounds were given"),
        ({"y": np.ones(95)}, "y has 95 values; expected 96, one a row"),
        ({"y": [None] + [1, 0] * 47 + [1]}, "y of row 0 is None"),
        ({"groups": ["one"] * 96}, "all 96 rows are of the group 'one'"),
        ({"groups": [[1]] * 96}, "groups cannot be told apart"),
        ({"groups": "abc"}, "groups has 3 values"),
        ({"confounds": {"time": np.zeros(96)}}, "a confound is called 'time'"),
        ({"confounds": {"level": ["-3.5"] * 96}}, "holds numbers as texts, '-3.5' say"),
        ({"confounds": {"id": [f"row{k}" for k in range(96)]}}, "96 different texts; expected at most 20"),
        ({"confounds": {"level": np.full(96, np.inf)}}, "'level' is inf at row 0"),
        ({"confounds": {"level": [1.0]}}, "confound 'level' has 1 values"),
        ({"confounds": np.zeros((96, 2, 2))}, "expected a mapping from name"),
        ({"order": ["late"] * 96}, "expected 96 numbers or dates"),
        ({"names": {"label": "x"}}, "names has the key 'label'"),
        ({"names": ("loud", "soft")}, "names is .*expected a mapping"),
        ({"X": np.full((96, 2), 1e200)}, "X holds numbers beyond 1e.100"),
        ({"seed": -1}, "seed is -1"),
        ({"rule": 5}, "rule is 5; expected a priosig.Rule"),
        ({"n_permutations": 50}, "expected a whole number"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(changed, message):
    X, y, groups, confounds = study()
    given = {"X": X, "y": y, "groups": groups, "confounds": confounds} | FEW | changed
    with pytest.raises(ValueError, match=message) as error:
        assess(**given)
    assert str(error.value).startswith("assess: ")


def test_progress_is_told_to_a_callable(planted):
    assert STAGES[0] == "confounds alone"
    assert "Model X, any signal (T1)" in STAGES


def test_a_terminal_shows_progress_and_nothing_else_does(monkeypatch):
    lines = []
    monkeypatch.setattr("priosig._core.progress_line.QUICK", -1.0)
    monkeypatch.setattr("priosig._core.progress_line.EVERY", -1.0)
    monkeypatch.setattr("priosig._core.progress_line._to_stderr", lines.append)
    assess(*study(leak=4.0), **FEW)
    assert lines == []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assess(*study(leak=4.0), progress=False, **FEW)
    assert lines == []
    assess(*study(leak=4.0), **FEW)
    assert "assess: confounds alone" in lines[0]


def test_a_confound_that_may_be_music_makes_no_design_invalid():
    X, y, groups, confounds = study(shift=0.0, leak=4.0)
    room = np.where(y ^ (np.random.default_rng(1).random(96) < 0.05), "large", "small").tolist()
    both = {**confounds, "room": room}
    assert assess(X, y, groups, both, acoustic=["seconds"], **FEW).evidence.confound_names == ("room = small",)
    result = assess(X, y, groups, both, acoustic=("room", "seconds"), **FEW)
    assert result.verdict.label != "invalid design"
    assert result.evidence.acoustic == ("seconds", "room = small")
    assert result.evidence.adjusted == ()
    assert result.assessment.beyond_acoustic is not None


def test_time_is_said_to_be_the_order(ordered):
    assert "adjusted for: time (from order), seconds" in " ".join(ordered.verdict.sentence.split())


def test_the_seed_alone_decides(without_confounds):
    again, other = (assess(*study()[:3], seed=seed, **FEW).assessment.any_signal.null_distribution for seed in (0, 1))
    np.testing.assert_array_equal(again, without_confounds.assessment.any_signal.null_distribution)
    assert not np.array_equal(other, again)


def test_columns_that_one_row_decides_and_rows_that_repeat_are_named(planted):
    assert planted.oddities == ()
    rng = np.random.default_rng(0)
    X, y, groups = rng.normal(size=(48, 3)), np.tile([True, False], 24), np.repeat(np.arange(6), 8)
    X[5, 2], X[40] = 1e5, X[3]
    result = assess(X, y, groups, n_permutations=19)
    outlier, copy = result.oddities
    assert outlier.startswith("In 1 of 3 columns of X one row holds most of the spread: X[5, 2] is 1e+05")
    assert copy.startswith("1 of 48 rows of X repeat another row: row 40 is row 3.")
    assert "In 1 of 3 features one row holds most of the spread" in result.verdict.sentence
    assert "row 40 is row 3" in " ".join(repr(result).split())
