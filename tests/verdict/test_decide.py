"""The verdict: a pure function of numbers and a rule, and a sentence for somebody who never heard of either."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from priosig.verdict.decide import decide, refuse
from priosig.verdict.evidence import Evidence, Names
from priosig.verdict.rule import Rule

RULE = Rule(n_permutations=99)
CLEAR_SIGNAL = Evidence(
    n_videos=5,
    n_sets=37,
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
    effective_sets=30.0,
    power=0.9,
)


def label(**changes) -> str:
    return decide(replace(CLEAR_SIGNAL, **changes), RULE).label


def test_strong_in_every_video_and_beyond_the_confounds_is_a_signal():
    assert label() == "signal"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"n_videos": 4}, "invalid design"),
        ({"n_sets": 14}, "invalid design"),
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
        ({"n_videos_above_half": 2}, "signal"),  # noise decides such shares: no sign that videos differ
        ({"n_videos_above_half": 4, "heterogeneity_pvalue": 0.05}, "heterogeneous"),
        ({"n_videos_above_half": 4, "heterogeneity_pvalue": 0.051}, "signal"),
        ({"heterogeneity_pvalue": 0.001}, "signal"),  # stronger in some than in others, and there in all
        ({"n_videos_above_half": 4, "heterogeneity_pvalue": math.nan}, "signal"),
        ({"auc": 0.60}, "signal"),
        ({"auc": 0.59}, "weak"),
        ({"auc": 0.59, "n_videos_above_half": 1}, "weak"),
    ],
    ids=lambda value: ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else None,
)
def test_each_bar_turns_the_verdict_where_the_rule_puts_it(changes, expected):
    assert label(**changes) == expected


@settings(max_examples=30, deadline=None)
@given(*(st.floats(0, 1) for _ in range(6)))
def test_signal_is_never_said_without_both_tests_and_the_bar(auc, p1, p2, p3, confound_auc, confound_p):
    verdict = decide(
        replace(
            CLEAR_SIGNAL, auc=auc, any_signal_pvalue=p1, beyond_confounds_pvalue=p2, heterogeneity_pvalue=p3,
            n_videos_above_half=3, confound_auc=confound_auc, confound_pvalue=confound_p,
        ),
        RULE,
    )  # fmt: skip
    if verdict.label == "signal":
        assert max(p1, p2) <= 0.05
        assert auc >= 0.6
        assert p3 > 0.05
        assert confound_auc < 0.6 or confound_p > 0.05


def test_the_sentence_of_a_signal_quotes_its_numbers_and_the_fate_of_each_confound():
    evidence = replace(
        CLEAR_SIGNAL,
        adjusted=("talk", "place"),
        partly_known=("talk",),
        acoustic=("silence_share",),
        beyond_acoustic_pvalue=0.01,
        tied=(("since_feedback", 0.731),),
        stop_first=(30, 37),
        n_models=2,
    )
    assert decide(evidence, RULE).sentence == (
        "Signal: the scores rank a STOP above a CONTINUE of the same video 81 times in 100 (50 is guessing; 95% "
        "interval 0.62 to 0.92; above guessing in 5 of 5 videos), better than labels swapped between neighbours "
        "(p = 0.0001), better than expected from talk and place (p = 0.002); and beyond silence share (p = 0.010) "
        "[removed by design: length; adjusted for: talk, place; adjusted for apart, since it may be music: silence "
        "share; of these known in part: talk; not measured: level; tied to the label by the definition of these "
        "windows, so not ruled out: since feedback (AUC 0.73); STOP comes first in 30 of 37 pairs; p corrected for 2 "
        "models]."
    )


def test_an_invalid_design_says_too_how_often_the_stop_comes_first():
    evidence = replace(CLEAR_SIGNAL, confound_auc=0.9, confound_pvalue=0.001, stop_first=(37, 37))
    verdict = decide(evidence, RULE)
    assert verdict.label == "invalid design"
    assert "STOP comes first in 37 of 37 pairs" in verdict.sentence


def test_a_signal_that_is_no_more_than_loudness_says_so():
    evidence = replace(CLEAR_SIGNAL, acoustic=("level",), beyond_acoustic_pvalue=0.2)
    assert (
        "no more than level let one expect (p = 0.200), which may be what is heard" in decide(evidence, RULE).sentence
    )


def test_an_interval_that_holds_guessing_is_said_at_once():
    assert (
        "which holds guessing: for other videos this is uncertain"
        in decide(replace(CLEAR_SIGNAL, low=0.41), RULE).sentence
    )


def test_the_sentence_of_an_invalid_design_says_what_gave_the_labels_away():
    verdict = decide(
        replace(CLEAR_SIGNAL, confound_auc=0.896, confound_pvalue=0.0001, confound_names=("length",)), RULE
    )
    assert "told apart without the playing: a predictor that knows only length ranks" in verdict.sentence
    assert "90 times in 100 (AUC within video 0.896, p = 0.0001" in verdict.sentence
    assert len(verdict.reasons) == 1


def test_every_problem_of_a_design_is_a_reason():
    verdict = decide(Evidence(n_videos=1, n_sets=0), RULE)
    assert verdict.label == "invalid design"
    assert len(verdict.reasons) == 2
    assert "only 1 video with both STOP and CONTINUE windows, and at least 5 are needed" in verdict.sentence
    assert "no pairs of neighbouring STOP and CONTINUE windows, and at least 15" in verdict.sentence


def test_too_little_overlap_is_said_where_the_confounds_leave_too_little():
    some, few = (
        decide(replace(CLEAR_SIGNAL, beyond_confounds_pvalue=0.3, effective_sets=e), RULE).sentence for e in (16, 10)
    )
    assert "overlap too small" not in some
    assert (
        "of 37 pairs of neighbouring STOP and CONTINUE windows these facts leave 10.0 open, an overlap too small"
        in few
    )
    assert "AUC within video of each alone: talk 0.55" in few


def outcomes(**changes) -> dict[str, str]:
    return {step.name: step.outcome for step in decide(replace(CLEAR_SIGNAL, **changes), RULE).steps}


def test_the_steps_are_the_rule_as_a_checklist():
    every = ["videos", "sets", "confounds", "T1", "power", "T2", "strength", "videos agree"]
    assert outcomes() == dict.fromkeys(every, "passed") | {"power": "not reached"}
    first = decide(CLEAR_SIGNAL, RULE).steps[0]
    assert (first.asked, first.needed, first.observed) == ("enough videos with both labels", "5 or more", "5")


@pytest.mark.parametrize(
    ("changes", "failed", "unreached"),
    [
        ({"n_videos": 2, "n_sets": 3}, ["videos", "sets"], ["T1", "power", "T2", "strength", "videos agree"]),
        ({"any_signal_pvalue": 0.3}, ["T1"], ["T2", "strength", "videos agree"]),
        ({"any_signal_pvalue": 0.3, "power": 0.2}, ["T1", "power"], ["T2", "strength", "videos agree"]),
        ({"beyond_confounds_pvalue": 0.3, "auc": 0.4}, ["T2"], ["power", "strength", "videos agree"]),
        ({"auc": 0.55}, ["strength"], ["power", "videos agree"]),
        ({"n_videos_above_half": 1, "heterogeneity_pvalue": 0.01}, ["videos agree"], ["power"]),
    ],
    ids=["design", "T1", "power", "T2", "strength", "videos agree"],
)
def test_the_first_step_that_fails_decides_and_what_follows_is_not_reached(changes, failed, unreached):
    of = outcomes(**changes)
    assert [name for name in of if of[name] == "failed"] == failed
    assert [name for name in of if of[name] == "not reached"] == unreached


def test_a_refused_view_has_the_same_steps_none_of_them_reached():
    verdict = refuse("no window is left", RULE, exploratory=True)
    assert [step.name for step in verdict.steps] == [step.name for step in decide(CLEAR_SIGNAL, RULE).steps]
    assert {step.outcome for step in verdict.steps} == {"not reached"}
    assert (
        verdict.sentence == "Exploratory, invalid design: this design cannot answer the question: no window is left."
    )


def test_sentences_use_the_names_that_the_rows_have():
    names = Names(positive="sick", negative="healthy", group="hospital", item="scan")
    sentence = decide(replace(CLEAR_SIGNAL, names=names), RULE).sentence
    assert "rank a sick above a healthy of the same hospital 81 times in 100" in sentence
    assert "above guessing in 5 of 5 hospitals" in sentence
    invalid = decide(replace(CLEAR_SIGNAL, names=names, n_videos=1), RULE).sentence
    assert "only 1 hospital with both sick and healthy scans" in invalid
    assert not {"STOP", "CONTINUE", "video"} & set((sentence + invalid).split())


def test_underpowered_does_not_claim_absence():
    sentence = decide(replace(CLEAR_SIGNAL, any_signal_pvalue=0.4, power=0.41), RULE).sentence
    assert sentence.startswith("Underpowered: the scores rank")
    assert "a real difference could have been missed: a signal along one direction" in sentence
    assert "ranks right 70 times in 100 would have been detected with a chance of 41%" in sentence


@pytest.mark.parametrize(("power", "hard", "first"), [(0.9, 0.2, "20%"), (0.3, 0.9, "30%")])
def test_of_two_powers_the_one_that_decides_comes_first(power, hard, first):
    verdict = decide(replace(CLEAR_SIGNAL, any_signal_pvalue=0.4, power=power, hard_power=hard), RULE)
    [step] = [step for step in verdict.steps if step.name == "power"]
    assert step.outcome == "failed"
    assert step.observed.startswith(first)
    assert step.observed.split(", ")[1].startswith("which decides")


def test_underpowered_says_what_was_detectable_what_is_excluded_and_what_would_be_enough():
    evidence = replace(
        CLEAR_SIGNAL, any_signal_pvalue=0.4, power=0.41, probe_auc=0.6, detectable_auc=0.83, high=0.74,
        videos_needed=((0.70, 12), (0.65, None)),
    )  # fmt: skip
    sentence = decide(evidence, RULE).sentence
    assert "(this probe would reach 60 times in 100)" in sentence
    assert "the smallest that would have been detected in 80% is 0.83" in sentence
    assert "an AUC above 0.74 is excluded" in sentence
    assert (
        "videos like these that are needed (power over all): 12 for 0.70 and more than were tried for 0.65"
        in sentence
    )


def test_exploratory_results_are_called_so():
    verdict = decide(replace(CLEAR_SIGNAL, exploratory=True), RULE)
    assert verdict.sentence.startswith("Exploratory, signal: ")
    assert verdict.exploratory


def test_the_hash_changes_with_any_setting_and_with_nothing_else():
    assert Rule().hash == Rule().hash == Rule(alpha=0.05, C=1).hash
    others = [
        Rule(alpha=0.01), Rule(threshold=0.65), Rule(min_videos=6), Rule(min_sets=16), Rule(C=0.5),
        Rule(spike_auc=0.65), Rule(min_power=0.9), Rule(n_permutations=999),
        Rule(min_effective_sets=10), Rule(level=0.9),
    ]  # fmt: skip
    assert len({rule.hash for rule in [Rule(), *others]}) == 11
    assert decide(CLEAR_SIGNAL, RULE).rule_hash == RULE.hash


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_permutations": 1000}, r"\(n_permutations \+ 1\) \* alpha is 50.05 .*expected a whole number"),
        ({"n_permutations": 9}, "is 0.5 .*expected a whole number, at least 1"),
        ({"alpha": 1.5}, "alpha is 1.5; expected a number between 0 and 1"),
        ({"C": 0.0}, "C is 0.0; expected a number above 0"),
        ({"min_sets": math.nan}, "min_sets is nan; expected a number above 0"),
    ],
    ids=["not whole", "too few", "alpha", "C", "NaN"],
)
def test_a_rule_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Rule(**settings)


@pytest.mark.parametrize(
    ("pvalue", "words"), [(1e-5, "p < 0.0001"), (0.0504, "p = 0.0504"), (0.05, "p = 0.0500"), (0.32, "p = 0.320")]
)
def test_a_p_is_never_said_to_be_0_nor_on_the_wrong_side_of_the_level(pvalue, words):
    sentence = decide(replace(CLEAR_SIGNAL, any_signal_pvalue=pvalue), RULE).sentence
    assert f"({words})" in sentence
