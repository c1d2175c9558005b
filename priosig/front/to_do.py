"""What to do after a verdict, in one plain sentence."""

from __future__ import annotations

import math

from priosig.verdict.decide import Verdict
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule
from priosig.verdict.wording import listed


def what_to_do(verdict: Verdict, e: Evidence, rule: Rule) -> str:
    """The next step of whoever reads this verdict."""
    n = e.names
    if verdict.label == "invalid design":
        return _of_design(verdict, e)
    if verdict.label == "underpowered":
        needed = dict(e.videos_needed).get(rule.spike_auc)
        how_many = f"about {needed} {n.group}s in all" if needed else f"more {n.group}s"
        return f"record {how_many}, and do not conclude that there is nothing to find."
    if verdict.label == "confounded":
        worst = listed([name for name, _ in e.confound_ranking[:2]]) or "time"
        return f"record or choose {n.item}s whose labels do not differ in {worst}, and assess them again."
    if verdict.label == "signal":
        if e.low > 0.5:
            return f"freeze the probe, and try it on new {n.group}s before you rely on it."
        why = "the interval could not be computed" if math.isnan(e.low) else "the interval reaches guessing"
        return f"record more {n.group}s before you rely on it, since {why}."
    return {
        "no signal": "do not build on these features; try others, since more of the same rows will not help.",
        "weak": f"do not build on it; try other features, or confirm it on new {n.group}s.",
        "heterogeneous": f"find out what sets apart the {n.group}s in which it fails (result.auc_by_group).",
    }[verdict.label]


def _of_design(verdict: Verdict, e: Evidence) -> str:
    more = f"record more {e.names.group}s that hold both labels"
    if not verdict.failed("confounds"):
        return f"{more}; priosig.plan says how many."
    alike = f"alike in {listed(e.confound_names)}"
    if verdict.failed("videos") or verdict.failed("sets"):
        return f"{more}, both under the same conditions, {alike}."
    return f"record both labels under the same conditions, {alike}, or compare {e.names.item}s within one condition."
