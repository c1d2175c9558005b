"""The sentences of a verdict.

They are for someone who has never heard of a confound. An AUC of 0.81 reads "ranks a STOP above a CONTINUE of the
same video 81 times in 100", which is what an AUC within video is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule


def problems(e: Evidence, rule: Rule) -> dict[str, str]:
    """What each failed step of the design means, by the name of the step."""
    n = e.names
    windows = f"{n.positive} and {n.negative} {n.item}s"
    return {
        "videos": (
            f"{_count(e.n_videos, n.group)} with both {windows}, and at least {rule.min_videos} are needed to say "
            f"anything about {n.group}s not seen yet"
        ),
        "pairs": (
            f"{pairs(e, _count(e.n_pairs, 'pair'))}, and at least {rule.min_pairs:g} are needed to compare like with "
            "like"
        ),
        "confounds": (
            f"{windows} can be told apart without {n.unseen}: a predictor that knows only "
            f"{listed(e.confound_names)} ranks {_pair(e)} {times(e.confound_auc)} (AUC within {n.group} "
            f"{e.confound_auc:.3f}, {p_words(e.confound_pvalue)}; 50 in 100 is guessing), so a high score on these "
            f"{n.item}s says nothing about {n.content}"
        ),
    }


def account(label: str, e: Evidence, rule: Rule) -> tuple[str, tuple[str, ...]]:
    """The clause of a verdict on a valid design, and its reasons one by one."""
    n = e.names
    interval = f"{rule.level:.0%} interval {e.low:.2f} to {e.high:.2f}"
    if math.isnan(e.low) or math.isnan(e.high):
        interval = "no interval could be computed"
    ranks = (
        f"the scores rank {_pair(e)} {times(e.auc)} (50 is guessing; {interval}; above guessing in "
        f"{e.n_videos_above_half} of {e.n_videos} {n.group}s)"
    )
    shuffled = f"labels shuffled {'between neighbours' if e.neighbours else f'within {n.group}s'}"
    if label in ("no signal", "underpowered"):
        chance = f"that is no better than {shuffled} reach ({p_words(e.any_signal_pvalue)})"
        spiked = f"a real signal worth {times(rule.spike_auc)} would have been found with a chance of {e.power:.0%}"
        if math.isnan(e.power):
            spiked = "how large a signal would have been found was not computed"
        clause = f"{ranks}, and {chance}, although {spiked}"
        if label == "underpowered":
            clause = (
                f"too few data to tell: {ranks}, and {chance}, but {spiked}, so this does not show that there is none"
            )
        return clause, (chance, spiked)
    better = f"better than {shuffled} ({p_words(e.any_signal_pvalue)})"
    adjusted = listed(confounds_of(e))
    if label == "confounded":
        same = f"no better than {_expected(e)} ({p_words(e.beyond_confounds_pvalue)})"
        clause = f"{ranks}, {better}, but {same}"
        if e.effective_pairs < rule.min_effective_pairs:
            overlap = (
                f"of {e.n_pairs} {'neighbouring ' if e.neighbours else ''}pairs these facts leave "
                f"{e.effective_pairs:.1f} open, an overlap too small to tell signal from artefact"
            )
            return f"{clause}; {overlap}", (better, same, overlap)
        return clause, (better, same)
    beyond = f"with no measured confound left that differs between {n.item}s"
    if adjusted:
        beyond = f"better than expected from {adjusted} ({p_words(e.beyond_confounds_pvalue)})"
    clause, reasons = f"{ranks}, {better}, {beyond}", (better, beyond)
    if label == "weak":
        below = f"below the bar of {rule.threshold:.2f} that was set beforehand: a trace, too weak to build on"
        return f"{clause}, but {below}", (*reasons, below)
    if label == "heterogeneous":
        above, parts, what = groups_above_half(e)
        uneven = (
            f"only {above} of {parts} {what} are above guessing, fewer than the {rule.video_share:.0%} set beforehand"
        )
        return f"{clause}, but {uneven}", (*reasons, uneven)
    return clause, reasons


def fates(e: Evidence, *, judged: bool) -> str:
    """What became of each confound, and for how many models p was corrected."""
    groups = [
        ("removed by design", e.removed),
        ("held by comparing neighbours", e.matched if judged else ()),
        ("adjusted for" if judged else "measured", e.adjusted if judged else confounds_of(e)),
        ("measured but not adjusted for", e.left_out if judged else ()),
        ("measured in part, so not adjusted for" if judged else "measured in part", e.partly_known),
        ("not measured", tuple(name for name in e.not_measured if name not in e.partly_known)),
    ]
    told = [f"{what}: {', '.join(map(plain, names))}" for what, names in groups if names]
    if e.n_models > 1:
        told = told or ["no confound was measured"]
        told.append(f"p corrected for {e.n_models} models")
    return "; ".join(told) or "no confound was measured"


def head(label: str, exploratory: bool) -> str:
    """How a sentence begins."""
    return f"Exploratory, {label}" if exploratory else label[0].upper() + label[1:]


def pairs(e: Evidence, counted: str) -> str:
    """Pairs that labels are exchanged in."""
    n = e.names
    windows = f"{n.positive} and {n.negative} {n.item}s"
    return f"{counted} of neighbouring {windows}" if e.neighbours else f"{counted} of {windows} of one {n.group}"


def groups_above_half(e: Evidence) -> tuple[int, int, str]:
    """How many videos, or with many of them groups of videos, are above guessing, of how many, and their name."""
    if e.n_groups:
        return e.n_groups_above_half, e.n_groups, f"groups of {e.names.group}s"
    return e.n_videos_above_half, e.n_videos, f"{e.names.group}s"


def confounds_alone(e: Evidence) -> str:
    """What the confounds alone reach."""
    if math.isnan(e.confound_auc):
        return "none varies"
    return f"AUC {e.confound_auc:.2f}, {p_words(e.confound_pvalue)} ({listed(e.confound_names)})"


def confounds_of(e: Evidence) -> tuple[str, ...]:
    """Confounds that vary and were measured for every window."""
    return (*e.matched, *e.adjusted, *e.left_out)


def plain(name: str) -> str:
    """A confound's name in a sentence."""
    return name.replace("_", " ")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    words = [plain(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def times(auc: float) -> str:
    """An AUC in words."""
    return f"{100 * auc:.0f} times in 100" if not math.isnan(auc) else "an unknown number of times"


def percent(value: float) -> str:
    """A share, or that it was not computed."""
    return "not computed" if math.isnan(value) else f"{value:.0%}"


def decimals(value: float) -> str:
    """An AUC with two decimals, or that it was not computed."""
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
    """A p-value in a sentence."""
    return "p not computed" if math.isnan(pvalue) else f"p {pvalue_words(pvalue)}"


def _pair(e: Evidence) -> str:
    return f"{_a(e.names.positive)} above {_a(e.names.negative)} of the same {e.names.group}"


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _expected(e: Evidence) -> str:
    names = confounds_of(e)
    if not names:
        return "a second set of relabellings reaches"
    ranking = ", ".join(f"{plain(name)} {value:.2f}" for name, value in e.confound_ranking[:3])
    alone = f" (AUC within {e.names.group} of each alone: {ranking})" if ranking else ""
    windows = f"{e.names.positive} and {e.names.negative} {e.names.item}s"
    return f"expected from {listed(names)}, which may differ between {windows}{alone}"


def _count(n: int, noun: str) -> str:
    return f"no {noun}" if n == 0 else f"only {n} {noun}{'s' if n > 1 else ''}"
