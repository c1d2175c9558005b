"""The verdict that a rule gives on the evidence, and the sentence that says it.

Nothing here touches data: `decide` is a pure function of numbers, so the same evidence under the same rule
(`priosig.verdict.rule`) always gives the same words.

The questions are asked in this order, and the first answer ends it:

0. Can this design answer the question at all? Enough videos with both labels, enough neighbouring pairs, and
   labels that cannot be told from facts that have nothing to do with playing (window length, talk, place in the
   video). If not: ``invalid design``.
1. Is there any signal (T1)? If not: ``no signal`` when a signal worth finding would have been found, else
   ``underpowered``.
2. Is there a signal beyond the measured confounds (T2)? If not: ``confounded``.
3. Is it strong enough to build on (AUC within video at or above the bar; below it: ``no signal``), and is it
   there in most videos? ``signal`` if so, else ``heterogeneous``.

The sentence is for someone who has never heard of a confound. An AUC of 0.81 reads "ranks a STOP above a
CONTINUE of the same video 81 times in 100", which is what an AUC within video is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule

Label = Literal["invalid design", "no signal", "underpowered", "confounded", "heterogeneous", "signal"]


@dataclass(frozen=True)
class Verdict:
    """What may be said.

    Attributes
    ----------
    label : str
        `invalid design`, `no signal`, `underpowered`, `confounded`, `heterogeneous` or `signal`.
    sentence : str
        One sentence to quote, with its numbers and what became of each confound.
    reasons : tuple of str
        Every finding that led here, one plain clause each.
    rule_hash : str
        `Rule.hash` of the rule in force.
    exploratory : bool
        Whether the data had been looked at before the rule was fixed.
    """

    label: Label
    sentence: str
    reasons: tuple[str, ...]
    rule_hash: str
    exploratory: bool


def design_problems(evidence: Evidence, rule: Rule) -> tuple[str, ...]:
    """What keeps this design from answering the question, one plain clause each; empty if nothing does."""
    problems = []
    if evidence.n_videos < rule.min_videos:
        problems.append(
            f"{_count(evidence.n_videos, 'video')} with both STOP and CONTINUE windows, and at least "
            f"{rule.min_videos} are needed to say anything about videos not seen yet"
        )
    if evidence.n_pairs < rule.min_pairs:
        problems.append(
            f"{_count(evidence.n_pairs, 'pair')} of neighbouring STOP and CONTINUE windows, and at least "
            f"{rule.min_pairs} are needed to compare like with like"
        )
    if confounds_tell(evidence, rule):
        problems.append(
            "STOP and CONTINUE windows can be told apart without hearing a note: a predictor that knows only "
            f"{_list(evidence.confound_names)} ranks a STOP above a CONTINUE of the same video "
            f"{_times(evidence.confound_auc)} (AUC within video {evidence.confound_auc:.3f}, "
            f"{_p(evidence.confound_pvalue)}; 50 in 100 is guessing), so a high score on "
            "these windows says nothing about the playing"
        )
    return tuple(problems)


def confounds_tell(evidence: Evidence, rule: Rule) -> bool:
    """Whether the confounds alone tell the label, so that no score in this view means anything.

    False where they could not be tried (NaN): such a design has too few videos or pairs.
    """
    return evidence.confound_auc >= rule.confound_bar and evidence.confound_pvalue <= rule.alpha


def refuse(problem: str, rule: Rule, *, exploratory: bool = False) -> Verdict:
    """The verdict where there is no evidence to judge: `invalid design`, with the reason."""
    sentence = f"{_head('invalid design', exploratory)}: this design cannot answer the question: {problem}."
    return Verdict("invalid design", sentence, (problem,), rule.hash, exploratory)


def decide(evidence: Evidence, rule: Rule) -> Verdict:
    """The verdict on one model in one view; a pure function of the numbers.

    Parameters
    ----------
    evidence : Evidence
    rule : Rule

    Returns
    -------
    Verdict
    """
    problems = design_problems(evidence, rule)
    if not problems and (math.isnan(evidence.any_signal_pvalue) or math.isnan(evidence.beyond_confounds_pvalue)):
        problems = ("no segment could be scored by a probe trained on other videos, so that nothing could be tested",)
    if problems:
        clause = "this design cannot answer the question: " + "; and ".join(problems)
        return _verdict("invalid design", clause, problems, evidence, rule)

    interval = f"{rule.level:.0%} interval {evidence.low:.2f} to {evidence.high:.2f}"
    if math.isnan(evidence.low) or math.isnan(evidence.high):
        interval = "no interval could be computed"
    times = (
        f"the scores rank a STOP above a CONTINUE of the same video {_times(evidence.auc)} "
        f"(50 is guessing; {interval}; above guessing in {evidence.n_videos_above_half} of {evidence.n_videos} "
        "videos)"
    )
    spiked = (
        f"a real signal worth {_times(rule.spike_auc)} would have been found with a chance of {evidence.power:.0%}"
    )
    if math.isnan(evidence.power):
        spiked = "how large a signal would have been found was not computed"

    found = evidence.any_signal_pvalue <= rule.alpha
    if not found:
        chance = f"that is no better than labels shuffled between neighbours reach ({_p(evidence.any_signal_pvalue)})"
        if evidence.power >= rule.min_power:
            return _verdict(
                "no signal", f"{times}, and {chance}, although {spiked}", (chance, spiked), evidence, rule
            )
        clause = (
            f"too few data to tell: {times}, and {chance}, but {spiked}, so this does not show that there is none"
        )
        return _verdict("underpowered", clause, (chance, spiked), evidence, rule)

    better = f"better than labels shuffled between neighbours ({_p(evidence.any_signal_pvalue)})"
    names = _list(_names(evidence))
    if not evidence.beyond_confounds_pvalue <= rule.alpha:
        ranking = ", ".join(f"{_plain(name)} {value:.2f}" for name, value in evidence.confound_ranking[:3])
        alone = f" (within-video AUC of each alone: {ranking})" if ranking else ""
        why = f"expected from {names}, which may differ between STOP and CONTINUE windows{alone}"
        if not _names(evidence):
            why = "a second set of relabellings reaches"
        same = f"no better than {why} ({_p(evidence.beyond_confounds_pvalue)})"
        reasons = [better, same]
        sentence = f"{times}, {better}, but {same}"
        if evidence.effective_pairs < rule.min_effective_pairs:
            overlap = (
                f"of {evidence.n_pairs} neighbouring pairs these facts leave {evidence.effective_pairs:.1f} open, an "
                "overlap too small to tell music from artefact"
            )
            reasons.append(overlap)
            sentence += f"; {overlap}"
        return _verdict("confounded", sentence, tuple(reasons), evidence, rule)

    beyond = "with no measured confound left that differs between windows"
    if _names(evidence):
        beyond = f"better than expected from {names} ({_p(evidence.beyond_confounds_pvalue)})"
    both, clause = (better, beyond), f"{times}, {better}, {beyond}"
    if not evidence.auc >= rule.threshold:
        weak = f"below the bar of {rule.threshold:.2f} that was set beforehand: a trace, too weak to build on"
        return _verdict("no signal", f"{clause}, but {weak}", (*both, weak), evidence, rule)
    above, parts, what = evidence.n_videos_above_half, evidence.n_videos, "videos"
    if evidence.n_groups:
        above, parts, what = evidence.n_groups_above_half, evidence.n_groups, "groups of videos"
    if above < rule.video_share * parts - 1e-9:
        uneven = (
            f"only {above} of {parts} {what} are above guessing, fewer than the {rule.video_share:.0%} set beforehand"
        )
        return _verdict("heterogeneous", f"{clause}, but {uneven}", (*both, uneven), evidence, rule)
    return _verdict("signal", clause, both, evidence, rule)


def holm(pvalues: list[float]) -> list[float]:
    """Holm's step-down correction: valid whatever the dependence between the tests.

    ``p_(i)`` in ascending order becomes ``max_{j <= i} min(1, (k - j + 1) p_(j))`` (Holm 1979). A NaN (a test
    that could not be made) stays NaN and still counts as one of the k tests.

    Examples
    --------
    >>> holm([0.04, 0.01])
    [0.04, 0.02]
    """
    adjusted = [math.nan] * len(pvalues)
    largest = 0.0
    made = sorted((i for i in range(len(pvalues)) if not math.isnan(pvalues[i])), key=lambda i: pvalues[i])
    for rank, i in enumerate(made):
        largest = max(largest, min(1.0, (len(pvalues) - rank) * pvalues[i]))
        adjusted[i] = largest
    return adjusted


def _verdict(label: Label, clause: str, reasons: tuple[str, ...], evidence: Evidence, rule: Rule) -> Verdict:
    judged = label != "invalid design"
    fates = [
        ("removed by design", evidence.removed),
        ("held by comparing neighbours", evidence.matched if judged else ()),
        ("adjusted for" if judged else "measured", evidence.adjusted if judged else _names(evidence)),
        ("measured but not adjusted for", evidence.left_out if judged else ()),
        ("measured in part, so not adjusted for" if judged else "measured in part", evidence.partly_known),
        ("not measured", tuple(name for name in evidence.not_measured if name not in evidence.partly_known)),
    ]
    told = [f"{what}: {', '.join(map(_plain, names))}" for what, names in fates if names]
    fate = "; ".join(told) or "no confound was measured"
    tests = f"; p corrected for {evidence.n_models} models" if evidence.n_models > 1 else ""
    head = _head(label, evidence.exploratory)
    return Verdict(label, f"{head}: {clause} [{fate}{tests}].", reasons, rule.hash, evidence.exploratory)


def _head(label: Label, exploratory: bool) -> str:
    return f"Exploratory, {label}" if exploratory else label[0].upper() + label[1:]


def _names(evidence: Evidence) -> tuple[str, ...]:
    return (*evidence.matched, *evidence.adjusted, *evidence.left_out)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _list(names: tuple[str, ...]) -> str:
    plain = [_plain(name) for name in names]
    return " and ".join([", ".join(plain[:-1]), plain[-1]] if len(plain) > 1 else plain)


def _times(auc: float) -> str:
    return f"{100 * auc:.0f} times in 100" if not math.isnan(auc) else "an unknown number of times"


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


def _p(pvalue: float) -> str:
    return "p not computed" if math.isnan(pvalue) else f"p {pvalue_words(pvalue)}"


def _count(n: int, noun: str) -> str:
    return f"no {noun}" if n == 0 else f"only {n} {noun}{'s' if n > 1 else ''}"
