"""What a report is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from priosig.annotations.audit.checks import Finding
from priosig.annotations.bouts import Bout
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.pipeline import Experiment
from priosig.experiment.sensitivity import Row
from priosig.inference.planning import PowerTable
from priosig.report.clips import Clip
from priosig.verdict.decide import Verdict

SPEAKING = ("signal", "heterogeneous")
"""Verdicts with which a model's mistakes mean something."""
SILENT = ("no signal", "underpowered")
"""Verdicts with which no signal was shown."""


@dataclass(frozen=True)
class Material:
    """What every section and every plot of a page is made from.

    Attributes
    ----------
    experiment : Experiment
    findings : tuple of Finding
        Of the annotation audit.
    sensitivity : sequence of Row
        What other choices would have given; empty where none were tried.
    clips : mapping of str to (Clip or str)
        By id of the segment what can be heard of it, or why it cannot.
    """

    experiment: Experiment
    findings: tuple[Finding, ...]
    sensitivity: Sequence[Row] = ()
    clips: Mapping[str, Clip | str] = field(default_factory=dict)

    @property
    def annotated(self) -> ViewResult:
        """The windows as annotated."""
        return self.experiment.views["annotated"]

    @cached_property
    def claim(self) -> ViewResult:
        """The view that conclusions are drawn from."""
        return self.experiment.claim

    @property
    def planned(self) -> dict[str, PowerTable]:
        """By view, what larger studies could find."""
        views = self.experiment.views.items()
        return {name: result.planned for name, result in views if result.planned is not None}

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """By model the verdict in that view; by "" that on its windows, where no model was judged."""
        if self.claim.assessments:
            return {name: a.verdict for name, a in self.claim.assessments.items()}
        verdict = self.claim.refusal or (self.claim.design.verdict if self.claim.design is not None else None)
        return {} if verdict is None else {"": verdict}

    @property
    def is_heard(self) -> bool:
        """Whether there was audio."""
        return any(v.features is not None for v in self.experiment.views.values())

    @cached_property
    def bouts(self) -> Mapping[str, Sequence[Bout]]:
        """By video, when somebody plays without talk between."""
        return self.experiment.annotations.cut(self.experiment.screening).bouts

    def speaks(self, model: str) -> bool:
        """Whether what a model goes by, and where it errs, means something."""
        return model in self.verdicts and self.verdicts[model].label in SPEAKING
