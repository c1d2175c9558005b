"""The verdict that a rule gives on the evidence, step by step.

`decide` is a pure function of numbers. The first step that fails decides:

0. The design can answer the question: enough videos with both labels, enough sets of segments to compare, and labels
   that cannot be told from the confounds alone. If not: ``invalid design``, with every problem named.
1. There is a signal of some kind (T1). If not: ``no signal`` where a signal worth finding would have been detected,
   else ``underpowered``.
2. There is a signal beyond the measured artefacts (T2). If not: ``confounded``.
3. It is strong enough to build on. If not: ``weak``.
4. It is there in every video. If a test finds that videos differ, and some are not above guessing:
   ``heterogeneous``.

Evidence that passes all steps is a ``signal``.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from priosig.verdict import wording
from priosig.verdict.evidence import Evidence
from priosig.verdict.rule import Rule

Label = Literal["invalid design", "no signal", "underpowered", "confounded", "weak", "heterogeneous", "signal"]
Outcome = Literal["passed", "failed", "not reached"]


@dataclass(frozen=True)
class Step:
    """One step of the rule: the question, what the rule needs, and what the data gave, in a few words each."""

    name: str
    asked: str
    needed: str
    observed: str
    outcome: Outcome


@dataclass(frozen=True)
class Verdict:
    """A conclusion.

    `sentence` is one sentence to quote, with its numbers and the treatment of each confound; then one for each
    confound that the study added, or whose role it set, and one where single rows decide features. `reasons` are the
    findings behind the label, one plain clause each. `steps` are the rule as a checklist, in the order in which it is
    asked.
    """

    label: Label
    sentence: str
    reasons: tuple[str, ...]
    steps: tuple[Step, ...]
    rule_hash: str
    exploratory: bool

    def failed(self, name: str) -> bool:
        """Whether this step was asked and failed."""
        return any(step.name == name and step.outcome == "failed" for step in self.steps)


def decide(evidence: Evidence, rule: Rule) -> Verdict:
    """The verdict on one model in one view; a pure function of the numbers."""
    problems = design_problems(evidence, rule)
    if not problems and (math.isnan(evidence.any_signal_pvalue) or math.isnan(evidence.beyond_confounds_pvalue)):
        problems = ("no segment could be scored by a probe trained on other videos, so that nothing could be tested",)
    if problems:
        clause = "this design cannot answer the question: " + "; and ".join(problems)
        return _verdict("invalid design", clause, problems, checklist(evidence, rule), evidence, rule)
    steps, failed = list(_design_steps(evidence, rule)), ""
    for step in _model_steps(evidence, rule):
        asked = failed == "T1" if step.name == "power" else not failed
        steps.append(step if asked else _unreached(step))
        if asked and not failed and step.outcome == "failed":
            failed = step.name
    label = _label(failed, steps)
    clause, reasons = wording.account(label, evidence, rule)
    return _verdict(label, clause, reasons, tuple(steps), evidence, rule)


def design_problems(evidence: Evidence, rule: Rule) -> tuple[str, ...]:
    """The reasons why this design cannot answer the question, one clause each; empty if there are none."""
    clauses = wording.problems(evidence, rule)
    return tuple(clauses[step.name] for step in _design_steps(evidence, rule) if step.outcome == "failed")


def checklist(evidence: Evidence, rule: Rule) -> tuple[Step, ...]:
    """The steps where no model was judged: those of the design, and those of a model as not reached."""
    return (*_design_steps(evidence, rule), *(_unreached(step) for step in _model_steps(evidence, rule)))


def refuse(problem: str, rule: Rule, *, exploratory: bool = False) -> Verdict:
    """The verdict where there is no evidence to judge: `invalid design`, with the reason."""
    steps = tuple(_unreached(step) for step in checklist(Evidence(n_videos=0, n_sets=0), rule))
    sentence = f"{wording.head('invalid design', exploratory)}: this design cannot answer the question: {problem}."
    return Verdict("invalid design", sentence, (problem,), steps, rule.hash, exploratory)


def _design_steps(e: Evidence, rule: Rule) -> tuple[Step, ...]:
    # NaN compares false: a design whose confounds could not be tried has too few videos or pairs.
    tells = e.confound_auc >= rule.confound_bar and e.confound_pvalue <= rule.alpha
    names = e.names
    return (
        _step(
            "videos", f"enough {names.group}s with both labels", f"{rule.min_videos} or more", f"{e.n_videos}",
            e.n_videos >= rule.min_videos,
        ),
        _step(
            "sets", f"enough {wording.sets_of(e)}", f"{rule.min_sets:g} or more", f"{e.n_sets}",
            e.n_sets >= rule.min_sets,
        ),
        _step(
            "confounds", "labels that the confounds alone cannot tell",
            f"AUC below {rule.confound_bar:.2f}, or p above {rule.alpha:g}",
            wording.confounds_alone(e), not tells,
        ),
    )  # fmt: skip


def _model_steps(e: Evidence, rule: Rule) -> tuple[Step, ...]:
    agree = f"{wording.p_words(e.heterogeneity_pvalue)}; above 0.5 in {e.n_videos_above_half} of {e.n_videos}"
    return (
        _step(
            "T1", "any signal (T1)", f"p of {rule.alpha:g} or less", wording.p_words(e.any_signal_pvalue),
            e.any_signal_pvalue <= rule.alpha,
        ),
        _step(
            "power", f"a signal of AUC {rule.spike_auc:.2f} would have been detected",
            f"{rule.min_power:.0%} power or more", wording.powers(e),
            # NaN compares false: where the hard direction was not tried, the other one decides.
            e.power >= rule.min_power and not e.hard_power < rule.min_power,
        ),
        _step(
            "T2", "a signal beyond the confounds (T2)", f"p of {rule.alpha:g} or less",
            wording.p_words(e.beyond_confounds_pvalue), e.beyond_confounds_pvalue <= rule.alpha,
        ),
        _step(
            "strength", "a signal strong enough to build on", f"AUC of {rule.threshold:.2f} or more",
            wording.decimals(e.auc), e.auc >= rule.threshold,
        ),
        _step(
            "videos agree", f"a signal in every {e.names.group}",
            f"no sign that {e.names.group}s differ (p above {rule.alpha:g}), or AUC above 0.5 in each", agree,
            not e.heterogeneity_pvalue <= rule.alpha or e.n_videos_above_half == e.n_videos,
        ),
    )  # fmt: skip


def _step(name: str, asked: str, needed: str, observed: str, passed: bool) -> Step:
    return Step(name, asked, needed, observed, "passed" if passed else "failed")


def _unreached(step: Step) -> Step:
    return replace(step, observed="", outcome="not reached")


def _label(failed: str, steps: list[Step]) -> Label:
    if failed == "T1":
        detectable = any(step.name == "power" and step.outcome == "passed" for step in steps)
        return "no signal" if detectable else "underpowered"
    labels: dict[str, Label] = {"": "signal", "T2": "confounded", "strength": "weak", "videos agree": "heterogeneous"}
    return labels[failed]


def _verdict(
    label: Label, clause: str, reasons: tuple[str, ...], steps: tuple[Step, ...], evidence: Evidence, rule: Rule
) -> Verdict:
    judged = label != "invalid design"
    treatments = wording.treatments(evidence, judged=judged)
    sentences = [f"{wording.head(label, evidence.exploratory)}: {clause} [{treatments}]."]
    sentences += wording.own_confounds(evidence, judged=judged) + wording.single_rows(evidence)
    return Verdict(label, " ".join(sentences), reasons, steps, rule.hash, evidence.exploratory)
