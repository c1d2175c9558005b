"""What became of segments between two reports: moved with their moment, left a view, or came into one.

A segment is known by its video, its label and the moment that it comes from: ids hold times, so that a boundary that
was moved by a second would else look like one segment that left and another that came.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Rows = list[dict[str, str]]
Moment = tuple[str, str, str]  # video, label, moment_id
COLUMNS = ("view", "segment_id", "source_id", "video_id", "label", "start_time", "end_time", "moment_id")
"""Of `segments.csv`, which have to be there."""


@dataclass(frozen=True)
class SegmentChanges:
    """Segments of two reports, matched.

    Attributes
    ----------
    new_ids : dict of str to str
        What a segment of the first report is called in the second, where its times changed.
    before, after : dict of (view, id) to Moment
        Segments by view; those of the first report by their new ids.
    moved : list of (moment_id, label, boundary, before, after, change)
        Every boundary that moved, in the order of the first report.
    """

    new_ids: dict[str, str]
    before: dict[tuple[str, str], Moment]
    after: dict[tuple[str, str], Moment]
    moved: list[tuple[str, ...]]

    def left(self, why: Mapping[tuple[str, str], str]) -> list[tuple[str, ...]]:
        """View, segment, "left out" and the reason, of each that left; `why`: reasons of the second report."""
        moments = {moment_id for _, _, moment_id in self.after.values()}
        rows = []
        for (view, segment_id), (_, label, moment_id) in self.before.items():
            if (view, segment_id) not in self.after:
                reason = f"moment {moment_id} gives no {label.upper()} any more"
                if moment_id not in moments:
                    reason = f"moment {moment_id} is not there any more"
                rows.append((view, segment_id, "left out", why.get((view, segment_id), reason)))
        return rows

    def came(self, why: Mapping[tuple[str, str], str]) -> list[tuple[str, ...]]:
        """The same of those that came; `why`: reasons of the first report, for which they were left out there."""
        reasons = {(view, self.new_ids.get(segment_id, segment_id)): text for (view, segment_id), text in why.items()}
        return [
            (view, segment_id, "came in", f"before: {reasons.get((view, segment_id), 'not annotated')}")
            for view, segment_id in self.after
            if (view, segment_id) not in self.before
        ]


def segment_changes(old: Rows, new: Rows) -> SegmentChanges:
    """Match the segments of two reports.

    Parameters
    ----------
    old, new : list of dict
        Rows of `segments.csv`, with `COLUMNS`.
    """
    then, now = _as_annotated(old), _as_annotated(new)
    new_ids, moved = {}, []
    for moment, was in then.items():
        if moment in now and was["segment_id"] != now[moment]["segment_id"]:
            new_ids[was["segment_id"]] = now[moment]["segment_id"]
            moved += _boundaries(moment, was, now[moment])
    before = {(row["view"], new_ids.get(row["source_id"], row["source_id"])): _moment(row) for row in old}
    after = {(row["view"], row["source_id"]): _moment(row) for row in new}
    return SegmentChanges(new_ids, before, after, moved)


def _as_annotated(rows: Rows) -> dict[Moment, dict[str, str]]:
    """Segments that are not cut out of others, by their moment."""
    return {_moment(row): row for row in rows if row["segment_id"] == row["source_id"]}


def _moment(row: dict[str, str]) -> Moment:
    return row["video_id"], row["label"], row["moment_id"]


def _boundaries(moment: Moment, was: dict[str, str], now: dict[str, str]) -> list[tuple[str, ...]]:
    _, label, moment_id = moment
    rows = []
    for column, boundary in (("start_time", "start"), ("end_time", "end")):
        if was[column] != now[column]:
            change = f"{float(now[column]) - float(was[column]):+.3g} s"
            rows.append((moment_id, label.upper(), boundary, f"{was[column]} s", f"{now[column]} s", change))
    return rows
