"""The sentences of a verdict, for a reader who has never heard of a confound.

An AUC within video of 0.81 reads "ranks a STOP above a CONTINUE of the same video 81 times in 100".
"""

import math
from collections.abc import Sequence

from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule

_SETS = {
    "redraw within risk sets": "sets of a {p} and playing that had gone on just as long",
    "swap neighbouring pairs": "pairs of neighbouring {p} and {n} {i}s",
    "shuffle within video": "{i}s of the rarer label",
}
_CHANCE = {
    "redraw within risk sets": "labels drawn anew in each set",
    "swap neighbouring pairs": "labels swapped between neighbours",
    "shuffle within video": "labels shuffled within each {g}",
}


def problems(e: Evidence, rule: Rule) -> dict[str, str]:
    """The meaning of each failed step of the design, by the name of the step."""
    n = e.names
    windows = f"{n.positive} and {n.negative} {n.item}s"
    return {
        "videos": (
            f"{_count(e.n_videos, n.group)} with both {windows}, and at least {rule.min_videos} are needed to say "
            f"anything about {n.group}s not seen yet"
        ),
        "sets": (
            f"{'no' if not e.n_sets else f'only {e.n_sets}'} {sets_of(e)}, and at least {rule.min_sets:g} are needed "
            "to compare like with like"
        ),
        "confounds": (
            f"{windows} can be told apart without the {n.subject}: a predictor that knows only "
            f"{listed(e.confound_names)} ranks {_pair(e)} {times(e.confound_auc)} (AUC within {n.group} "
            f"{e.confound_auc:.3f}, {p_words(e.confound_pvalue)}; 50 in 100 is guessing), so a high score on these "
            f"{n.item}s says nothing about the {n.subject}"
        ),
    }


def account(label: str, e: Evidence, rule: Rule) -> tuple[str, tuple[str, ...]]:
    """The clause of a verdict on a valid design, and its reasons one by one."""
    ranks = _ranks(e, rule)
    chance = _of(e, _CHANCE)
    if label in ("no signal", "underpowered"):
        no_better = f"that is no better than {chance} reach ({p_words(e.any_signal_pvalue)})"
        limits = _limits(e, rule)
        link = ";" if label == "no signal" else ", but a real difference could have been missed:"
        return f"{ranks}, and {no_better}{link} {limits}", (no_better, limits)
    better = f"better than {chance} ({p_words(e.any_signal_pvalue)})"
    if label == "confounded":
        reasons = [better, f"no better than {_expected(e)} ({p_words(e.beyond_confounds_pvalue)})"]
        if e.effective_sets < rule.min_effective_sets:
            reasons.append(
                f"of {e.n_sets} {sets_of(e)} these facts leave {e.effective_sets:.1f} open, an overlap too small to "
                "tell a signal from an artefact"
            )
        return f"{ranks}, {better}, but {'; '.join(reasons[1:])}", tuple(reasons)
    beyond = f"with no measured artefact left that differs between {e.names.item}s"
    if e.adjusted:
        beyond = f"better than expected from {listed(e.adjusted)} ({p_words(e.beyond_confounds_pvalue)})"
    reasons = [better, beyond]
    clause = f"{ranks}, {better}, {beyond}"
    if e.acoustic:
        p = p_words(e.beyond_acoustic_pvalue)
        if e.beyond_acoustic_pvalue <= rule.alpha:
            reasons.append(f"and beyond {listed(e.acoustic)} ({p})")
        else:
            reasons.append(f"no more than {listed(e.acoustic)} let one expect ({p}), which may be what is heard")
        clause += f"; {reasons[-1]}"
    if label == "weak":
        reasons.append(f"below the bar of {rule.threshold:.2f} that was set beforehand: too weak to build on")
    if label == "heterogeneous":
        reasons.append(
            f"{e.names.group}s differ ({p_words(e.heterogeneity_pvalue)}), and only {e.n_videos_above_half} of "
            f"{e.n_videos} are above guessing"
        )
    if label != "signal":
        clause += f"; but {reasons[-1]}"
    return clause, tuple(reasons)


def _ranks(e: Evidence, rule: Rule) -> str:
    """How often a STOP outranks a CONTINUE, with the interval."""
    interval = f"{rule.level:.0%} interval {e.low:.2f} to {e.high:.2f}"
    if math.isnan(e.low) or math.isnan(e.high):
        interval = "no interval could be computed"
    unsure = f", which holds guessing: for other {e.names.group}s this is uncertain" if e.low <= 0.5 <= e.high else ""
    return (
        f"the scores rank {_pair(e)} {times(e.auc)} (50 is guessing; {interval}{unsure}; above guessing in "
        f"{e.n_videos_above_half} of {e.n_videos} {e.names.group}s)"
    )


def _limits(e: Evidence, rule: Rule) -> str:
    """The signals that were detectable, the AUCs that the data exclude, and the videos that are needed."""
    if math.isnan(e.power):
        return "how large a signal would have been detected was not computed"
    said = [
        f"a signal along one direction that an ideal listener ranks right {times(rule.spike_auc)} would have been "
        f"detected with a chance of {powers(e)}"
    ]
    if not math.isnan(e.probe_auc):
        said[0] += f" (this probe would reach {times(e.probe_auc)})"
    if not math.isnan(e.detectable_auc):
        said.append(f"the smallest that would have been detected in {rule.min_power:.0%} is {e.detectable_auc:.2f}")
    if not math.isnan(e.high):
        said.append(f"an AUC above {e.high:.2f} is excluded")
    if e.videos_needed:
        needed = listed([f"{n or 'more than were tried'} for {auc:.2f}" for auc, n in e.videos_needed])
        said.append(f"{e.names.group}s like these that are needed (power over all): {needed}")
    return "; ".join(said)


def treatments(e: Evidence, *, judged: bool) -> str:
    """The treatment of each confound, and the number of models that p was corrected for."""
    in_part = [name for name in e.partly_known if name in e.adjusted or name in e.acoustic]
    groups = [
        ("removed by design", e.removed),
        ("adjusted for" if judged else "measured", e.adjusted),
        ("adjusted for apart, since it may be music" if judged else "measured, may be music", e.acoustic),
        ("of these known in part", in_part),
        ("not measured", e.not_measured),
    ]
    told = [f"{what}: {', '.join(map(plain, names))}" for what, names in groups if names]
    if e.tied:
        tied = ", ".join(f"{plain(name)} (AUC {value:.2f})" for name, value in e.tied)
        told.append(f"tied to the label by the definition of these {e.names.item}s, so not ruled out: {tied}")
    first, n_pairs = e.stop_first
    if e.scheme == "swap neighbouring pairs" and n_pairs:
        told.append(f"{e.names.positive} comes first in {first} of {n_pairs} pairs")
    if not told:
        told = ["no confound was measured"]
    if e.n_models > 1:
        told.append(f"p corrected for {e.n_models} models")
    return "; ".join(told)


def own_confounds(e: Evidence, *, judged: bool) -> list[str]:
    """A sentence for each confound that the study added, or whose role it set."""
    ties = dict(e.tied)
    sentences = []
    for name, role, auc, pvalue in e.chosen:
        what = f"{plain(name)[:1].upper()}{plain(name)[1:]}, which this study counts as {_a(role)}"
        if role == "acoustic":
            what += " fact that may be music"
        alone = f"as a predictor of its own ranks {_pair(e)} {times(auc)} ({p_words(pvalue)})"
        if name in ties:
            fate = "is tied to the label by the definition of these windows and cannot be ruled out"
        elif name in e.removed:
            fate = f"is equal for all {e.names.item}s"
        elif name not in (*e.adjusted, *e.acoustic):
            fate = "is not measured here and not ruled out"
        elif not judged:
            fate = alone
        elif role == "acoustic":
            fate = f"{alone}; a signal is tested beyond it apart, and it makes no design invalid"
        else:
            fate = f"{alone}, and is adjusted for"
        sentences.append(f"{what}, {fate}.")
    return sentences


def single_rows(e: Evidence) -> list[str]:
    """A sentence where single rows decide features; else nothing."""
    n, total = e.n_decided
    if not n:
        return []
    item = e.names.item
    return [
        f"In {n} of {total} features one {item} holds most of the spread, so that the other {item}s look "
        "alike there: a signal may have been missed."
    ]


def head(label: str, exploratory: bool) -> str:
    """The verdict as the beginning of a sentence."""
    return f"Exploratory, {label}" if exploratory else label[0].upper() + label[1:]


def sets_of(e: Evidence) -> str:
    """What the sets are: pairs, risk sets, or videos."""
    return _of(e, _SETS)


def confounds_alone(e: Evidence) -> str:
    """The strongest artefacts by themselves: AUC, p, names."""
    if math.isnan(e.confound_auc):
        return "none varies"
    return f"AUC {e.confound_auc:.2f}, {p_words(e.confound_pvalue)} ({listed(e.confound_names)})"


def plain(name: str) -> str:
    return name.replace("_", " ")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    words = [plain(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def times(auc: float) -> str:
    """An AUC as "89 times in 100"."""
    return f"{100 * auc:.0f} times in 100" if not math.isnan(auc) else "an unknown number of times"


def deciding_power(e: Evidence) -> float:
    """The smaller of both powers, which the rule goes by; NaN where none was computed."""
    return e.power if math.isnan(e.hard_power) else min(e.power, e.hard_power)


def powers(e: Evidence) -> str:
    """Power for a signal where the features vary much, and for one where they hardly vary: the smaller decides.

    Examples
    --------
    >>> powers(Evidence(n_videos=5, n_sets=20, power=0.68, hard_power=0.12))
    '12% where the features hardly vary, which decides (68% over all)'
    """
    if math.isnan(e.power):
        return "not computed"
    if math.isnan(e.hard_power):
        return f"{e.power:.0%}"
    if e.hard_power < e.power:
        return f"{e.hard_power:.0%} where the features hardly vary, which decides ({e.power:.0%} over all)"
    return f"{e.power:.0%} over all, which decides ({e.hard_power:.0%} where the features hardly vary)"


def decimals(value: float) -> str:
    return "not computed" if math.isnan(value) else f"{value:.2f}"


def pvalue_words(pvalue: float) -> str:
    """A p-value with its relation: three decimals, four below 0.001 and near 0.05; never 0.

    Examples
    --------
    >>> [pvalue_words(p) for p in (0.01, 0.0001, 0.00001, 0.0502)]
    ['= 0.010', '= 0.0001', '< 0.0001', '= 0.0502']
    """
    if pvalue < 1e-4:
        return "< 0.0001"
    # Near a level a third decimal can hide on which side of it p is.
    return f"= {pvalue:.{4 if pvalue < 0.001 or 0.045 < pvalue < 0.055 else 3}f}"


def p_words(pvalue: float) -> str:
    return "p not computed" if math.isnan(pvalue) else f"p {pvalue_words(pvalue)}"


def _pair(e: Evidence) -> str:
    return f"{_a(e.names.positive)} above {_a(e.names.negative)} of the same {e.names.group}"


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _expected(e: Evidence) -> str:
    if not e.adjusted:
        return "a second set of relabellings reaches"
    ranking = ", ".join(f"{plain(name)} {value:.2f}" for name, value in e.confound_ranking[:3])
    alone = f" (AUC within {e.names.group} of each alone: {ranking})" if ranking else ""
    windows = f"{e.names.positive} and {e.names.negative} {e.names.item}s"
    return f"expected from {listed(e.adjusted)}, which may differ between {windows}{alone}"


def _of(e: Evidence, words: dict[str, str]) -> str:
    n = e.names
    return words[e.scheme].format(p=n.positive, n=n.negative, i=n.item, g=n.group)


def _count(n: int, noun: str) -> str:
    return f"no {noun}" if n == 0 else f"only {n} {noun}{'s' if n > 1 else ''}"
