"""From labels, confounds and features to a design that is judged, and to a verdict."""

from dataclasses import replace

import numpy as np
import pytest

from priosig.inference import assessment
from priosig.inference.assessment import Assessment
from priosig.inference.beyond_confounds import beyond_confounds
from priosig.inference.confidence import confidence_interval
from priosig.inference.data import ConfoundNames, labelled_segments
from priosig.inference.design import DesignAssessment, assess_design
from priosig.inference.permutation import permutation_test
from priosig.inference.power import power_of_spike
from priosig.verdict.rule import Rule

RULE = Rule(n_permutations=19)
pytestmark = pytest.mark.usefixtures("few_replicates")


def assess_models(models, y, videos, starts, confounds, *, rule: Rule, seed=0, **unsure) -> dict[str, Assessment]:
    data = labelled_segments(y, videos, starts, confounds, X=np.hstack(list(models.values())), **unsure)
    return assessment.assess_models(models, data, assess_design(data, rule, seed=seed), seed=seed, everything=True)


def assess(X, *data, **settings) -> Assessment:
    return assess_models({"model": X}, *data, **settings)["model"]


def judge(y, videos, starts, confounds, *, rule: Rule = RULE, **unsure) -> DesignAssessment:
    return assess_design(labelled_segments(y, videos, starts, confounds, **unsure), rule)


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
    design = judge(y, videos, starts, confounds, rule=RULE, names=ConfoundNames(not_measured=("level",)))
    assert design.verdict.label == "invalid design"
    assert design.evidence.confound_names == ("length",)
    assert design.baselines[0].name == "length"
    assert design.baselines[0].auc_within_video > 0.9
    assert design.baselines[0].pvalue == 1 / 20
    assert [b.name for b in design.baselines] == ["length", "talk", "all together"]
    assert "not measured: level" in design.verdict.sentence


def known_for_some(gap: float) -> tuple:
    """Talk that goes with the label by `gap`, and is not known for every fifth segment."""
    _, y, videos, starts, confounds = study(4)
    talk = np.random.default_rng(2).normal(size=len(y)) + gap * y
    talk[::5] = np.nan
    return y, videos, starts, confounds, talk


def test_a_confound_that_is_known_for_some_can_invalidate_the_design():
    y, videos, starts, confounds, talk = known_for_some(gap=2.5)
    design = judge(y, videos, starts, confounds, partly_known={"captions": talk})
    (baseline,) = (b for b in design.baselines if b.n_known < len(y))
    assert baseline.n_known == np.isfinite(talk).sum() == 44
    assert design.verdict.label == "invalid design"
    assert "of these known in part: captions" in design.verdict.sentence


def test_a_confound_that_is_known_for_some_is_adjusted_for():
    y, videos, starts, confounds, talk = known_for_some(gap=0.0)
    evidence = judge(y, videos, starts, confounds, partly_known={"captions": talk}).evidence
    assert (evidence.adjusted, evidence.partly_known) == (("time", "length", "talk", "captions"), ("captions",))


def test_a_design_without_faults_has_no_verdict_of_its_own():
    _, y, videos, starts, confounds = study()
    design = judge(y, videos, starts, confounds, rule=RULE)
    assert (design.verdict, design.problems) == (None, ())
    assert (design.n_segments, design.n_sets, design.n_two_class_videos) == (55, 25, 5)


def test_an_equal_length_is_removed_by_design_and_tried_by_nobody():
    _, y, videos, starts, _ = study()
    design = judge(y, videos, starts, {"length": np.full(len(y), 10.0)}, rule=RULE)
    assert (design.evidence.removed, design.baselines) == (("length",), ())


@pytest.fixture(scope="module")
def two_models(few_replicates) -> dict[str, Assessment]:
    X, *data = study(2, shift=2.5)
    return assess_models({"real": X, "noise": X[:, 1:]}, *data, rule=Rule(n_permutations=39))


def test_a_real_signal_is_a_signal_and_noise_is_not(two_models):
    real = two_models["real"]
    assert real.verdict.label == "signal"
    assert two_models["noise"].verdict.label in ("no signal", "underpowered")
    assert real.any_signal_pvalue == pytest.approx(2 * real.any_signal.pvalue)
    assert "p corrected for 2 models" in real.verdict.sentence


def test_power_counts_the_models_that_p_is_corrected_for(two_models):
    X, *data = study(2, shift=2.5)
    beside = two_models["real"].evidence
    alone = assess(X, *data, rule=Rule(n_permutations=39)).evidence
    assert (beside.n_models, alone.n_models) == (2, 1)
    assert beside.power < alone.power


@pytest.mark.slow
def test_a_leak_too_weak_to_invalidate_the_design_is_confounded():
    rule = Rule(n_permutations=99, confound_bar=0.99)  # let the design pass, to see the second line of defence
    labels = [assess(*study(s, gap=0.9, leak=4.0), rule=rule).verdict.label for s in range(2)]
    assert "signal" not in labels
    assert "confounded" in labels


def test_row_order_and_names_of_videos_change_nothing():
    X, y, videos, starts, confounds = study(5, shift=0.8, gap=0.3)
    order = np.random.default_rng(0).permutation(len(y))
    renamed = np.array([f"v{9 - int(v[-1])}" for v in videos])
    moved = {name: values[order] for name, values in confounds.items()}
    one = assess(X, y, videos, starts, confounds, rule=RULE)
    other = assess(X[order], y[order], renamed[order], starts[order], moved, rule=RULE)
    assert other.verdict == one.verdict
    assert other.interval.leave_out == pytest.approx(one.interval.leave_out, abs=1e-12)
    for name in ("any_signal_pvalue", "beyond_confounds_pvalue", "beyond_confounds_raw_pvalue"):
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
    assessment = assess(X, y, videos, np.arange(len(y), dtype=float), confounds, rule=Rule(n_permutations=19))
    assert assessment.verdict.label == "invalid design"
    assert (assessment.any_signal is not None) == computed
    assert "needed to say anything about videos not seen yet" in assessment.verdict.sentence


def test_constant_features_are_no_signal_of_any_kind():
    X, y, videos, starts, confounds = study()
    assessment = assess(np.ones_like(X), y, videos, starts, confounds, rule=RULE)
    assert assessment.verdict.label == "underpowered"
    assert assessment.any_signal_pvalue == 1.0


def curved_talk(seed: int) -> tuple:
    """Talk that is much or none in STOP windows and middling in CONTINUE: no straight line."""
    _, y, videos, starts, _ = study(seed, n=21)
    return y, videos, starts, {"talk": np.random.default_rng(seed).normal(size=len(y)) * np.where(y == 1, 2.5, 0.5)}


def test_a_leak_that_follows_no_straight_line_invalidates_the_design():
    design = judge(*curved_talk(0))
    assert design.verdict.label == "invalid design"
    assert "knows only talk" in design.verdict.sentence


def test_a_stricter_bar_for_the_model_lets_no_leak_through():
    _, y, videos, starts, confounds = study(gap=0.8)
    for threshold in (0.6, 0.95):
        design = judge(y, videos, starts, confounds, rule=replace(RULE, threshold=threshold))
        assert 0.6 < design.evidence.confound_auc < 0.95
        assert design.verdict.label == "invalid design"


def test_rule_and_seed_reach_every_test():
    data = study(6, shift=0.8)
    rule = Rule(n_permutations=39, C=0.1, level=0.8, spike_auc=0.9)
    assessment = assess(*data, rule=rule, seed=3)
    X, *labels = data
    segments = labelled_segments(*labels, X=X)
    assert assessment.any_signal.pvalue == permutation_test(segments, rule, seed=3).pvalue
    assert assessment.evidence.beyond_confounds_pvalue == beyond_confounds(segments, rule, seed=3).pvalue
    interval = confidence_interval(segments, rule)
    assert (assessment.evidence.low, assessment.evidence.high) == pytest.approx(
        (interval.low, interval.high), abs=1e-9
    )
    assert confidence_interval(segments, replace(rule, level=0.95)).low < interval.low
    null = assessment.any_signal.null_distribution
    assert assessment.spiked == power_of_spike(segments, rule, null, alpha=rule.alpha, seed=3, n_replicates=20)


def test_too_few_relabellings_for_so_many_models_are_refused():
    X, *data = study(8)
    with pytest.raises(ValueError, match=r"with 19 relabellings and 2 models .* 0\.05; expected at least 39"):
        assess_models({"A": X, "B": X[:, ::-1]}, *data, rule=Rule(n_permutations=19))


def test_a_confound_that_decides_the_label_invalidates_the_design():
    _, y, videos, starts, _ = study()
    design = judge(y, videos, starts, {"decides": y + 0.0})
    assert design.verdict.label == "invalid design"
    assert design.evidence.confound_auc == 1.0


def test_the_time_in_the_video_takes_no_pairs_away_from_t2():
    # STOP and CONTINUE alternate, STOP first: over a video time tells nothing, within a pair everything.
    rng = np.random.default_rng(0)
    y = np.tile([1, 0], 40)
    videos = np.repeat(list("abcde"), 16)
    times = np.tile(np.arange(16.0), 5)
    data = labelled_segments(y, videos, times, {"place": times / 16}, X=rng.normal(size=(80, 3)))
    assert beyond_confounds(data, RULE).effective_sets == pytest.approx(40)
    evidence = assess_design(data, RULE).evidence
    assert evidence.adjusted == ("time", "place")
    assert evidence.stop_first == (40, 40)
    assert dict(evidence.confound_ranking).keys() == {"place"}  # still tried as a predictor


def louder_stops(seed: int) -> tuple:
    """A signal that is all loudness."""
    X, y, videos, starts, _ = study(seed, n=17)
    level = np.random.default_rng(seed).normal(size=len(y)) + 1.5 * y
    X[:, 0] += 3 * level
    return X, y, videos, starts, {"level": level}


def test_what_may_be_music_never_makes_a_design_invalid_and_is_told_apart():
    X, *data = louder_stops(0)
    result = assess(X, *data, rule=RULE, names=ConfoundNames(acoustic=("level",)))
    assert result.verdict.label == "signal"
    assert "no more than level let one expect" in result.verdict.sentence
    assert (result.evidence.adjusted, result.evidence.acoustic) == (("time",), ("level",))
    X[:, 1] += 3 * data[0]
    segments = labelled_segments(*data, X=X, names=ConfoundNames(acoustic=("level",)))
    assert beyond_confounds(segments, RULE, acoustic=True).pvalue <= 0.05
    assert judge(*data).verdict.label == "invalid design"  # as an artefact


def test_an_invalid_design_ends_early():
    X, y, videos, starts, confounds = study(gap=2.0)
    data = labelled_segments(y, videos, starts, confounds, X=X)
    design = assess_design(data, RULE)
    early = assessment.assess_models({"m": X}, data, design)["m"]
    assert early.any_signal is None
    assert early.verdict == design.verdict


def test_what_no_label_rests_on_may_be_left_out():
    X, y, videos, starts, confounds = study(7, n=15)
    one_video = X.copy()
    one_video[:, 0] += 2 * y * np.where(videos == "video0", -2, 2)
    models = {"all": X + 2 * y[:, None], "noise": X, "not in one": one_video}
    data = labelled_segments(y, videos, starts, confounds, X=X, names=ConfoundNames(acoustic=("talk",)))
    design = assess_design(data, Rule(n_permutations=99, min_power=0.1))
    whole = assessment.assess_models(models, data, design)
    brief = assessment.assess_models(models, data, design, label_only=True)
    assert [one.verdict.label for one in whole.values()] == ["signal", "no signal", "heterogeneous"]
    for name, one in brief.items():
        assert one.verdict.label == whole[name].verdict.label
        assert one.any_signal_pvalue == whole[name].any_signal_pvalue
        assert one.beyond_confounds_pvalue == whole[name].beyond_confounds_pvalue
        assert one.evidence.auc == whole[name].evidence.auc
    assert [one.spiked is None for one in brief.values()] == [True, False, True]
    assert all(one.interval is None and one.beyond_acoustic is None for one in brief.values())


def test_risk_sets_are_judged_by_sets():
    rng = np.random.default_rng(0)
    sets = np.repeat(np.arange(30), 4)
    y = np.tile([1, 0, 0, 0], 30)
    X = rng.normal(size=(120, 3)) + 50 * np.sin(sets)[:, None]  # a drift that the members of a set share
    X[:, 0] += 2 * y
    data = labelled_segments(y, sets // 6, rng.random(120), X=X, set_ids=sets)
    result = assessment.assess_models({"m": X}, data, assess_design(data, RULE))["m"]
    assert result.verdict.label == "signal"
    assert "better than labels drawn anew in each set" in result.verdict.sentence
