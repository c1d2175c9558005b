import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from priosig.assessment import assess, assess_models
from priosig.crossval import prepare_folds
from priosig.design import assess_design
from priosig.permutation import permutation_test
from priosig.power import critical_value, power_of_spike
from priosig.rule import Rule
from priosig.verdict import Evidence, decide, holm

RULE = Rule(n_permutations=99)
CLEAR_SIGNAL = Evidence(
    n_videos=5,
    n_pairs=37,
    confound_auc=0.55,
    confound_pvalue=0.4,
    confound_names=("talk",),
    confound_ranking=(("talk", 0.55),),
    removed=("length",),
    adjusted=("talk",),
    not_measured=("level",),
    auc=0.81,
    low=0.62,
    high=0.92,
    n_videos_above_half=5,
    any_signal_pvalue=0.0001,
    beyond_confounds_pvalue=0.002,
    effective_pairs=30.0,
    power=0.9,
)


def label(**changes) -> str:
    return decide(replace(CLEAR_SIGNAL, **changes), RULE).label


# --- the rule, on numbers alone


def test_strong_in_every_video_and_beyond_the_confounds_is_a_signal():
    assert label() == "signal"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"n_videos": 4}, "invalid design"),
        ({"n_pairs": 14}, "invalid design"),
        ({"confound_auc": 0.60, "confound_pvalue": 0.05}, "invalid design"),
        ({"confound_auc": 0.90, "confound_pvalue": 0.051}, "signal"),
        ({"confound_auc": 0.599, "confound_pvalue": 0.001}, "signal"),
        ({"confound_auc": math.nan, "confound_pvalue": math.nan}, "signal"),
        ({"any_signal_pvalue": 0.05}, "signal"),
        ({"any_signal_pvalue": 0.051}, "no signal"),
        ({"any_signal_pvalue": 0.051, "power": 0.79}, "underpowered"),
        ({"any_signal_pvalue": 0.051, "power": math.nan}, "underpowered"),
        ({"any_signal_pvalue": math.nan}, "invalid design"),
        ({"beyond_confounds_pvalue": 0.05}, "signal"),
        ({"beyond_confounds_pvalue": 0.06}, "confounded"),
        ({"beyond_confounds_pvalue": math.nan}, "invalid design"),
        ({"n_videos_above_half": 4}, "signal"),
        ({"n_videos_above_half": 3}, "heterogeneous"),
        ({"n_videos": 500, "n_videos_above_half": 260, "n_groups": 20, "n_groups_above_half": 16}, "signal"),
        ({"n_videos": 500, "n_videos_above_half": 460, "n_groups": 20, "n_groups_above_half": 15}, "heterogeneous"),
        ({"auc": 0.60}, "signal"),
        ({"auc": 0.59}, "no signal"),
        ({"auc": 0.59, "n_videos_above_half": 1}, "no signal"),
    ],
    ids=lambda value: ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else None,
)
def test_each_bar_turns_the_verdict_where_the_rule_puts_it(changes, expected):
    assert label(**changes) == expected


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(0, 5), st.floats(0, 1), st.floats(0, 1))
def test_signal_is_never_said_without_both_tests_and_the_bar(auc, p1, p2, above, confound_auc, confound_p):
    verdict = decide(
        replace(
            CLEAR_SIGNAL, auc=auc, any_signal_pvalue=p1, beyond_confounds_pvalue=p2, n_videos_above_half=above,
            confound_auc=confound_auc, confound_pvalue=confound_p,
        ),
        RULE,
    )  # fmt: skip
    if verdict.label == "signal":
        assert max(p1, p2) <= 0.05
        assert auc >= 0.6
        assert above >= 4
        assert confound_auc < 0.6 or confound_p > 0.05


def test_the_sentence_of_a_signal_quotes_its_numbers_and_the_fate_of_each_confound():
    verdict = decide(replace(CLEAR_SIGNAL, left_out=("silence_share",), n_models=2), RULE)
    assert verdict.sentence == (
        "Signal: the scores rank a STOP above a CONTINUE of the same video 81 times in 100 (50 is guessing; 95% "
        "interval 0.62 to 0.92; above guessing in 5 of 5 videos), better than labels shuffled between neighbours "
        "(p = 0.0001), better than expected from talk and silence share (p = 0.002) [removed by design: length; "
        "adjusted for: talk; measured but not adjusted for: silence share; not measured: level; p corrected for 2 "
        "models]."
    )


def test_the_sentence_of_an_invalid_design_says_what_gave_the_labels_away():
    verdict = decide(
        replace(CLEAR_SIGNAL, confound_auc=0.896, confound_pvalue=0.0001, confound_names=("length",)), RULE
    )
    assert "told apart without hearing a note: a predictor that knows only length ranks" in verdict.sentence
    assert "90 times in 100 (AUC within video 0.896, p = 0.0001" in verdict.sentence
    assert len(verdict.reasons) == 1


def test_every_problem_of_a_design_is_a_reason():
    verdict = decide(Evidence(n_videos=1, n_pairs=0), RULE)
    assert verdict.label == "invalid design"
    assert len(verdict.reasons) == 2
    assert "only 1 video with both STOP and CONTINUE windows, and at least 5 are needed" in verdict.sentence
    assert "no pair of neighbouring STOP and CONTINUE windows, and at least 15" in verdict.sentence


def test_too_little_overlap_is_said_where_the_confounds_leave_too_little():
    some, few = (
        decide(replace(CLEAR_SIGNAL, beyond_confounds_pvalue=0.3, effective_pairs=e), RULE).sentence for e in (16, 10)
    )
    assert "overlap too small" not in some
    assert "of 37 neighbouring pairs these facts leave 10.0 open, an overlap too small" in few
    assert "within-video AUC of each alone: talk 0.55" in few


def test_underpowered_does_not_claim_absence():
    sentence = decide(replace(CLEAR_SIGNAL, any_signal_pvalue=0.4, power=0.41), RULE).sentence
    assert sentence.startswith("Underpowered: too few data to tell")
    assert "70 times in 100 would have been found with a chance of 41%" in sentence


def test_exploratory_results_are_called_so():
    verdict = decide(replace(CLEAR_SIGNAL, exploratory=True), RULE)
    assert verdict.sentence.startswith("Exploratory, signal: ")
    assert verdict.exploratory


def test_the_hash_changes_with_any_setting_and_with_nothing_else():
    assert Rule().hash == Rule().hash == Rule(alpha=0.05, C=1).hash
    others = [
        Rule(alpha=0.01), Rule(threshold=0.65), Rule(min_videos=6), Rule(min_pairs=16), Rule(C=0.5),
        Rule(video_share=0.7), Rule(spike_auc=0.65), Rule(min_power=0.9), Rule(n_permutations=999),
        Rule(min_effective_pairs=10), Rule(level=0.9),
    ]  # fmt: skip
    assert len({rule.hash for rule in [Rule(), *others]}) == 12
    assert decide(CLEAR_SIGNAL, RULE).rule_hash == RULE.hash


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_permutations": 1000}, r"\(n_permutations \+ 1\) \* alpha is 50.05 .*expected a whole number"),
        ({"n_permutations": 9}, "is 0.5 .*expected a whole number, at least 1"),
        ({"alpha": 1.5}, "alpha is 1.5; expected a number between 0 and 1"),
        ({"C": 0.0}, "C is 0.0; expected a number above 0"),
        ({"min_pairs": math.nan}, "min_pairs is nan; expected a number above 0"),
    ],
    ids=["not whole", "too few", "alpha", "C", "NaN"],
)
def test_a_rule_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Rule(**settings)


def test_holm_is_the_step_down_procedure_written_out():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_lies_between_no_correction_and_bonferroni_and_above_benjamini_hochberg(pvalues):
    adjusted = np.array(holm(pvalues))
    assert (adjusted >= np.array(pvalues) - 1e-15).all()
    assert (adjusted <= np.minimum(1, len(pvalues) * np.array(pvalues)) + 1e-15).all() or len(pvalues) > 1
    assert (adjusted >= false_discovery_control(pvalues) - 1e-12).all()


def test_holm_keeps_a_missing_test_missing_and_counts_it():
    assert holm([0.02, math.nan])[0] == 0.04
    assert math.isnan(holm([0.02, math.nan])[1])


# --- power


def noise_design(seed: int = 0, *, n_videos: int = 6, n: int = 11, d: int = 3):
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    return rng.normal(size=(len(y), d)), y, np.repeat(np.arange(n_videos), n)


def test_power_grows_with_the_signal_and_is_alpha_without_one():
    from priosig.pairing import draw_relabellings
    from priosig.permutation import refitted_aucs

    X, y, videos = noise_design()
    folds = prepare_folds(X, videos)
    null = refitted_aucs(folds, draw_relabellings(y, videos, 199, np.random.default_rng(0))[0], videos)
    power = [power_of_spike(X, y, videos, folds, null, spike_auc=auc, n_replicates=100) for auc in (0.501, 0.7, 0.9)]
    assert power[0] < 0.12
    assert power[0] < power[1] < power[2]
    assert power[2] > 0.95


def test_features_that_do_not_vary_have_no_power_to_speak_of():
    X, y, videos = noise_design()
    X = np.ones_like(X)
    assert math.isnan(power_of_spike(X, y, videos, prepare_folds(X, videos), np.linspace(0, 1, 99)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=19, max_size=60), st.floats(0, 1))
def test_beyond_the_critical_value_is_significant(null, statistic):
    from priosig.permutation import permutation_pvalue

    beyond = statistic - 1e-12 > critical_value(np.array(null), 0.05)
    assert beyond == (permutation_pvalue(statistic, np.array(null)) <= 0.05 + 1e-12)


# --- from data to verdict


def study(seed: int = 0, *, n_videos: int = 5, n: int = 11, shift: float = 0.0, leak: float = 0.0, gap: float = 0.0):
    """STOP, CONTINUE, STOP, ...; CONTINUE windows are longer by `gap` log seconds and features hear it by `leak`."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n) % 2 == 0, n_videos).astype(int)
    videos = np.repeat([f"video{v}" for v in range(n_videos)], n)
    length = np.exp(rng.normal(3.0 + gap * (1 - y), 0.5))
    X = rng.normal(size=(len(y), 4))
    X[:, 0] += shift * y + leak * np.log(length)
    return X, y, videos, np.tile(np.arange(n, dtype=float), n_videos), {"length": length, "talk": rng.random(len(y))}


def test_lengths_that_give_the_label_away_make_the_design_invalid_without_any_audio():
    _, y, videos, starts, confounds = study(gap=2.0)
    design = assess_design(y, videos, starts, confounds, rule=RULE, not_measured=["level"])
    assert design.verdict.label == "invalid design"
    assert design.evidence.confound_names == ("length",)
    assert design.baselines[0].name == "length"
    assert design.baselines[0].auc_within_video > 0.9
    assert design.baselines[0].pvalue == 1 / 100
    assert [b.name for b in design.baselines] == ["length", "talk", "all together"]
    assert "not measured: level" in design.verdict.sentence


def test_pvalues_of_baselines_are_corrected_for_having_tried_them_all():
    _, y, videos, starts, _ = study(3)
    starts = (
        starts + 0.1 * np.unique(videos, return_inverse=True)[1]
    )  # no two videos start alike: one canonical order
    rng = np.random.default_rng(1)
    table = {"talk": rng.random(len(y)) + 0.4 * y, "level": rng.random(len(y))}
    design = assess_design(y, videos, starts, table, rule=RULE)
    features = {
        **{name: values[:, None] for name, values in table.items()},
        "all together": np.column_stack(list(table.values())),
    }
    alone = {name: permutation_test(X, y, videos, starts, n_permutations=99) for name, X in features.items()}
    largest = np.max([found.null_distribution for found in alone.values()], axis=0)
    for baseline in design.baselines:
        statistic = alone[baseline.name].statistic
        assert baseline.auc_within_video == pytest.approx(statistic, abs=1e-12)
        assert baseline.pvalue == (1 + np.sum(largest >= statistic - 1e-12)) / 100


def test_a_design_without_faults_has_no_verdict_of_its_own():
    _, y, videos, starts, confounds = study()
    design = assess_design(y, videos, starts, confounds, rule=RULE)
    assert (design.verdict, design.problems) == (None, ())
    assert (design.n_segments, design.n_pairs, design.n_two_class_videos) == (55, 25, 5)


def test_an_equal_length_is_removed_by_design_and_tried_by_nobody():
    _, y, videos, starts, _ = study()
    design = assess_design(y, videos, starts, {"length": np.full(len(y), 10.0)}, rule=RULE)
    assert (design.removed, design.baselines) == (("length",), ())


def test_a_real_signal_is_a_signal_and_noise_is_not():
    X, y, videos, starts, confounds = study(2, shift=2.5)
    found = assess_models({"real": X, "noise": X[:, 1:]}, y, videos, starts, confounds, rule=RULE)
    assert found["real"].verdict.label == "signal"
    assert found["noise"].verdict.label in ("no signal", "underpowered")
    assert found["real"].any_signal_pvalue == pytest.approx(2 * found["real"].any_signal.pvalue)
    assert "p corrected for 2 models" in found["real"].verdict.sentence


@pytest.mark.slow
def test_a_signal_in_many_tiny_videos_is_judged_in_groups_of_them(monkeypatch):
    monkeypatch.setattr("priosig.intervals.BLOCKS", 4)
    X, y, videos, starts, confounds = study(n_videos=44, n=3, shift=1.1)
    found = assess(X, y, videos, starts, confounds, rule=Rule(n_permutations=19))
    assert found.evidence.n_videos_above_half < 0.8 * 44
    assert (found.evidence.n_groups, found.verdict.label) == (20, "signal")


@pytest.mark.slow
def test_a_leak_too_weak_to_invalidate_the_design_is_confounded():
    rule = Rule(n_permutations=99, threshold=0.95)  # let the design pass, to see the second line of defence
    labels = [assess(*study(s, gap=0.9, leak=4.0), rule=rule).verdict.label for s in range(2)]
    assert "signal" not in labels
    assert "confounded" in labels


def test_confounds_that_separate_the_labels_best_are_adjusted_for_first():
    _, y, videos, starts, confounds = study(gap=1.0)
    rng = np.random.default_rng(1)
    table = {"level": rng.random(len(y)), "place": rng.random(len(y)), **confounds}  # 25 pairs: 3 df, one spline
    design = assess_design(y, videos, starts, table, rule=RULE)
    assert design.evidence.adjusted == ("length",)
    assert set(design.evidence.left_out) == {"level", "place", "talk"}


def test_row_order_and_names_of_videos_change_nothing():
    X, y, videos, starts, confounds = study(5, shift=0.8, gap=0.3)
    order = np.random.default_rng(0).permutation(len(y))
    renamed = np.array([f"v{9 - int(v[-1])}" for v in videos])
    moved = {name: values[order] for name, values in confounds.items()}
    one = assess(X, y, videos, starts, confounds, rule=RULE)
    other = assess(X[order], y[order], renamed[order], starts[order], moved, rule=RULE)
    assert other.verdict == one.verdict
    assert other.auc_by_video == pytest.approx(one.auc_by_video, abs=1e-12)
    for name in ("any_signal_pvalue", "beyond_confounds_pvalue", "beyond_confounds_raw_pvalue", "power"):
        assert getattr(other, name) == getattr(one, name)
    assert [b.pvalue for b in other.design.baselines] == [b.pvalue for b in one.design.baselines]


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        (lambda X, y, v: (X, y, np.full(len(y), "one")), False),
        (lambda X, y, v: (X, np.ones_like(y), v), False),
        (lambda X, y, v: (X, (v < "video2").astype(int), v), False),
        (lambda X, y, v: (X, np.where(v == "video0", y, 1), v), False),
        (lambda X, y, v: (X, np.where(v < "video2", y, 1), v), True),
    ],
    ids=["one video", "one class", "classes apart", "one video of two classes", "two videos of two classes"],
)
def test_degenerate_designs_are_invalid_and_say_why(change, computed):
    X, y, videos, _, confounds = study(shift=1.0)
    X, y, videos = change(X, y, videos)
    found = assess(X, y, videos, np.arange(len(y), dtype=float), confounds, rule=Rule(n_permutations=19))
    assert found.verdict.label == "invalid design"
    assert (found.any_signal is not None) == computed
    assert "needed to say anything about videos not seen yet" in found.verdict.sentence


def test_constant_features_are_no_signal_of_any_kind():
    X, y, videos, starts, confounds = study()
    found = assess(np.ones_like(X), y, videos, starts, confounds, rule=RULE)
    assert found.verdict.label == "underpowered"
    assert found.any_signal_pvalue == 1.0


def test_a_confound_that_decides_the_label_invalidates_the_design():
    X, y, videos, starts, _ = study(shift=3.0)
    found = assess(X, y, videos, starts, {"decides": y + 0.0}, rule=RULE)
    assert found.verdict.label == "invalid design"
    assert found.beyond_confounds.effective_pairs < 3


def test_confounds_that_are_not_numbers_are_refused_by_name():
    _, y, videos, starts, confounds = study()
    confounds["talk"][3] = np.nan
    with pytest.raises(ValueError, match="not a finite number: 'talk' in 1 segments"):
        assess_design(y, videos, starts, confounds, rule=RULE)


def test_features_that_are_not_numbers_are_refused():
    X, y, videos, starts, confounds = study()
    X[7, 1] = np.inf
    with pytest.raises(ValueError, match="row 7 holds NaN or infinity"):
        assess(X, y, videos, starts, confounds, rule=RULE)
