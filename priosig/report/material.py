"""What a report is made from, and the links from it: to a second of a video, to a segment on the page."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from priosig.annotations.audit.checks import Finding
from priosig.annotations.bouts import Bout
from priosig.annotations.moments import Moment
from priosig.annotations.segments import Segment
from priosig.experiment.evaluation import ViewResult
from priosig.experiment.pipeline import Experiment
from priosig.experiment.planted import PLANTED
from priosig.experiment.sensitivity import Row
from priosig.experiment.settings import Settings
from priosig.inference.planning import PowerTable
from priosig.report.clips import Clip
from priosig.verdict.decide import Verdict

SPEAKING = ("signal", "heterogeneous")  # verdicts with which a model's mistakes mean something


@dataclass(frozen=True)
class Material:
    """What every section and every plot of a page is made from."""

    experiment: Experiment
    findings: tuple[Finding, ...] = ()  # of the annotation audit
    sensitivity: Sequence[Row] = ()  # what other choices would have given
    clips: Mapping[str, Clip | str] = field(default_factory=dict)  # by segment, or why it cannot be heard

    @property
    def settings(self) -> Settings:
        """What the study had written down."""
        return self.experiment.annotations.corpus.settings

    @cached_property
    def moments(self) -> dict[str, Moment]:
        """The moments by their ids."""
        return {moment.moment_id: moment for moment in self.experiment.annotations.moments}

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
        """The verdict on each model in that view; under "" the verdict on its windows, where no model was judged."""
        if self.claim.assessments:
            return {name: a.verdict for name, a in self.claim.assessments.items()}
        verdict = self.claim.refusal or self.claim.design.verdict
        return {} if verdict is None else {"": verdict}

    @property
    def is_heard(self) -> bool:
        """Whether there was audio."""
        return any(v.features is not None for v in self.experiment.views.values())

    @cached_property
    def bouts(self) -> Mapping[str, Sequence[Bout]]:
        """By video, when somebody plays without talk between."""
        return self.experiment.annotations.cut(self.experiment.screening).bouts

    @cached_property
    def teachers(self) -> dict[str, str]:
        """The teacher of each video, in the order of their ids."""
        named: dict[str, Counter] = {}
        for moment in self.experiment.annotations.moments:
            named.setdefault(moment.video_id, Counter()).update([moment.teacher] if moment.teacher else [])
        return {video: of.most_common(1)[0][0] if of else "Teacher unknown" for video, of in sorted(named.items())}

    def speaks(self, model: str) -> bool:
        """Whether what a model goes by, and where it errs, means something."""
        return self.verdicts[model].label in SPEAKING

    def errs(self, model: str, row: int) -> bool:
        """Whether a model that speaks put a window on the wrong side of 0."""
        score = self.claim.models[model]["scores"][row]
        return self.speaks(model) and bool((score > 0) != self.claim.y[row]) and not math.isnan(score)

    def link(self, video_id: str, seconds: float) -> str:
        """A second of a YouTube video; "" for an embedded world: its ids are invented, and could be a stranger's."""
        if self.experiment.name in PLANTED:
            return ""
        return f"https://www.youtube.com/watch?v={video_id}&t={int(seconds)}s"

    def sound_of(self, segment: Segment) -> str:
        """Where a segment is heard on the page: its clip, or else its row in the table of windows."""
        kind = "row" if isinstance(self.clips.get(segment.segment_id, ""), str) else "clip"
        return f"#{kind}-{segment.segment_id}"
