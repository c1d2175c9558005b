"""The annotation audit finds what is odd, counts it, and names the rows."""

import dataclasses
import time
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priosig.annotations.audit.checks import Finding, audit_annotations
from priosig.annotations.moments import Moment
from priosig.annotations.segments import identify_segments


@pytest.fixture
def audit():
    """Audit moments; findings by name."""

    def run(*moments, **options) -> dict[str, Finding]:
        return {f.name: f for f in audit_annotations(moments, identify_segments(moments), **options)}

    return run


def problem_ids(finding: Finding) -> list[str]:
    return [problem.id for problem in finding.problems]


@pytest.fixture
def lesson(moment):
    """A lesson with nothing odd in it, twice, the second time half a second later.

    ::

        0        10 12      20           40       50 52      61           81       91 92      99
        [playing ) stop,[fb ) CONTINUE   [playing ) stop,[fb ) CONTINUE   [playing ) stop,[fb )
    """
    windows = (((0, 10), (12, 20)), ((40, 50), (52, 61)), ((81, 91.5), (92, 99)))
    return [
        moment(*[(start + later, end + later) for start, end in window], video=video)
        for video, later in (("videoAAAAAA", 0), ("videoBBBBBB", 0.5))
        for window in windows
    ]


def test_a_clean_lesson_has_every_check_and_no_problem_but_its_lengths(audit, lesson):
    findings = audit(*lesson)
    assert {name for name, finding in findings.items() if finding.count} == {"lengths_by_class"}
    assert len(findings) == 14
    assert all(finding.effect and finding.title for finding in findings.values())


def test_lengths_that_tell_the_label_are_counted_by_segment(audit, lesson):
    finding = audit(*lesson)["lengths_by_class"]
    assert finding.count == finding.total == 10
    assert "STOP windows last a median of 10.0 s (10.0 to 10.5 s), CONTINUE windows 20.0 s" in finding.summary
    assert "100 times in 100" in finding.summary


def test_lengths_that_overlap_tell_only_those_beyond_the_other_class(audit, moment):
    # STOP 10 and 30 s, CONTINUE 20 s: the 10 is shorter than any CONTINUE, the 20 is not longer than any STOP
    finding = audit(moment((0, 10), (12, 20)), moment((40, 70), (72, 80)))["lengths_by_class"]
    assert [problem.detail for problem in finding.problems] == [
        "STOP lasts 10.00 s, shorter than every CONTINUE (20.00 s at least)"
    ]


def test_a_repeated_window_is_found_at_its_second_moment(audit, lesson, moment):
    again = moment((40, 50), (70, 75))
    finding = audit(*lesson, again)["repeated_windows"]
    assert problem_ids(finding) == [again.moment_id]
    assert (finding.count, finding.total) == (1, 7)
    assert finding.problems[0].detail.endswith("as the stop at 52.0 s")


def test_equal_windows_of_two_videos_are_no_repetition(audit, moment):
    findings = audit(moment((0, 10), (12, 20)), moment((0, 10), (12, 20), video="videoBBBBBB"))
    assert findings["repeated_windows"].count == 0


def test_times_that_another_video_has_too_are_found_to_the_millisecond(audit, moment):
    copy = moment((0, 10), (12, 20), video="videoBBBBBB")
    other = moment((0, 10.001), (12, 20), video="videoCCCCCC")
    finding = audit(moment((0, 10), (12, 20)), copy, other)["windows_of_other_videos"]
    assert problem_ids(finding) == [copy.moment_id]
    assert (finding.count, finding.total) == (1, 3)
    assert finding.problems[0].detail == "same playing window 0.0 to 10.0 s and stop as in videoAAAAAA"


def test_windows_that_share_time_overlap_and_windows_that_touch_do_not(audit, moment):
    # [0 ......... 10)
    #        [6 ....... 14)
    #                   [14 .. 20)
    findings = audit(*(moment(w, (30 + i, 31 + i)) for i, w in enumerate([(0, 10), (6, 14), (14, 20)])))
    finding = findings["overlapping_windows"]
    assert problem_ids(finding) == ["videoAAAAAA-stop-6000-14000"]
    assert "shares 4.0 s with STOP from 0.0 s" in finding.problems[0].detail


def test_windows_that_are_mostly_talk_are_found_where_a_transcript_covers_them(audit, moment):
    talk = "[0.0s] one two three four five six seven eight\n[4.0s] ♪\n[30.0s] ♪"
    findings = audit(moment((0, 6), (40, 50), transcript=talk), moment((60, 70), (80, 90)))
    finding = findings["mostly_talk"]
    assert problem_ids(finding) == ["videoAAAAAA-stop-0-6000"]
    assert finding.total == 1
    assert "For 2 of 3 segments the transcripts do not say" in finding.summary


#  0    10 12 20        30   36   40   45                    100          110
#  STOP )     [ CONTINUE                                       )  STOP      )
#  talk [10 ..  24)      [30 34)   [40 44)      [90 94)       [100
def test_playing_that_ends_in_talk_within_a_continue_is_an_apparent_interruption(audit, moment):
    four = "one two three four five six seven eight"  # 4 s
    lines = ["[0.0s] ♪", *(f"[{t}s] {four}" for t in (10.0, 14.0, 18.0, 20.0, 30.0, 40.0, 90.0, 100.0)), "[104.0s] ♪"]
    moments = moment((0, 10), (12, 20), transcript="\n".join(lines)), moment((100, 110), (120, 130))
    finding = audit(*moments)["apparent_interruptions"]
    assert (finding.count, finding.total) == (1, 1)
    # Up to 24 s there is talk; at 100 s the CONTINUE window itself ends.
    assert [problem.time for problem in finding.problems] == [30, 40, 90]
    assert finding.problems[0].detail == "playing of 6.0 s ends in talk at 30.0 s"
    assert "CONTINUE holds 3 apparent interruptions that nobody labelled, one every 27 s" in finding.summary


def test_playing_that_began_before_the_window_or_ends_with_the_transcript_is_no_interruption(audit, moment):
    lines = "[0.0s] ♪\n[16.0s] one two\n[17.0s] ♪\n[23.9s] one two three\n[40.0s] ♪"
    finding = audit(moment((0, 10), (12, 20), transcript=lines), moment((50, 60), (70, 80)))["apparent_interruptions"]
    assert (finding.count, finding.total, finding.problems) == (0, 1, ())


@pytest.mark.parametrize(
    ("playing", "feedback", "stop", "words"),
    [
        ((20, 30), (12, 18), 12, "begins after its own stop"),
        ((5, 15), (20, 30), 12, "goes on after its own stop"),
        ((5, 10), (11, 20), 12, "before the stop"),
        ((5, 15), (10, 12), 15, "falls into the playing"),
    ],
    ids=["window after stop", "window across stop", "feedback before stop", "feedback in playing"],
)
def test_times_that_contradict_each_other_are_found(audit, moment, playing, feedback, stop, words):
    finding = audit(moment(playing, feedback, stop=stop))["contradicting_times"]
    assert finding.count == 1
    assert words in finding.problems[0].detail


def test_a_window_is_far_from_its_stop_beyond_ten_seconds(audit, moment):
    near, far = moment((0, 10), (20, 25)), moment((50, 60), (70.5, 80))
    finding = audit(near, far)["far_from_stop"]
    assert problem_ids(finding) == [far.moment_id]
    assert "median of 10.2 s" in finding.summary


def test_a_value_in_many_moments_looks_like_a_default_and_measured_ones_do_not(audit, moment):
    defaults = [moment((100 * k, 100 * k + 5 + 0.37 * k), (100 * k + 20, 100 * k + 50)) for k in range(6)]
    measured = [moment((1000 + 100 * k, 1008.13 + 101 * k), (1120 + 100 * k, 1131.7 + 101 * k)) for k in range(4)]
    findings = audit(*defaults, *measured)
    assert problem_ids(findings["default_feedback_length"]) == [m.moment_id for m in defaults]
    assert "Exactly 30.0 s in 6 of 10" in findings["default_feedback_length"].summary
    assert findings["default_playing_length"].count == 0


def test_a_pause_too_short_for_a_continue_is_counted_among_pauses(audit, moment):
    findings = audit(moment((0, 10), (12, 20)), moment((23, 30), (31, 40)), moment((60, 70), (71, 80)))
    finding = findings["lost_continues"]
    assert (finding.count, finding.total) == (1, 2)
    assert "only 3.0 s" in finding.problems[0].detail


def test_teaching_by_playing_is_reported_only_where_the_annotations_say_so(audit, lesson):
    assert "Not known" in audit(*lesson)["teacher_plays"].summary
    said = [dataclasses.replace(m, demonstrated=k == 2) for k, m in enumerate(lesson[:4])] + lesson[4:]
    finding = audit(*said)["teacher_plays"]
    assert (problem_ids(finding), finding.count, finding.total) == ([lesson[2].moment_id], 1, 4)


def test_a_video_of_one_class_is_named(audit, lesson, moment):
    finding = audit(*lesson, moment((0, 10), (12, 20), video="videoCCCCCC"))["one_class_videos"]
    assert problem_ids(finding) == ["videoCCCCCC"]
    assert finding.problems[0].detail == "all 1 segments are STOP"


def test_counts_are_of_rows_and_the_order_of_moments_changes_none(audit, lesson, moment):
    odd = [*lesson, moment((0, 10), (70, 75)), dataclasses.replace(lesson[0], moment_id="copy")]
    forward, backward = audit(*odd), audit(*reversed(odd))
    assert {name: f.count for name, f in forward.items()} == {name: f.count for name, f in backward.items()}
    for finding in forward.values():
        assert finding.count == len(set(problem_ids(finding))) <= finding.total


def test_playing_during_another_moments_feedback_is_found(audit, lesson, moment):
    # the window 55 to 60 s lies in the feedback 52 to 61 s of the moment before it
    late = moment((55, 60), (63, 66))
    finding = audit(*lesson, late)["contradicting_moments"]
    assert problem_ids(finding) == [late.moment_id]
    assert "overlaps feedback 52.0 to 61.0 s after another stop" in finding.problems[0].detail


def test_a_window_that_ended_before_an_earlier_stop_is_found(audit, lesson, moment):
    # it ends at 35 s and its stop is at 70 s; the stop at 52 s comes between
    early = moment((30, 35), (70, 75))
    finding = audit(*lesson, early)["contradicting_moments"]
    assert problem_ids(finding) == [early.moment_id]
    assert "lies another stop at 52.0 s" in finding.problems[0].detail


def test_other_videos_have_nothing_to_say_about_a_window(audit, lesson, moment):
    alone = moment((55, 60), (63, 66), video="videoCCCCCC")
    assert audit(*lesson, alone)["contradicting_moments"].count == 0


SECONDS = st.integers(0, 12).map(lambda tenths: tenths / 2)


@given(st.lists(st.tuples(SECONDS, SECONDS, SECONDS, SECONDS, SECONDS, st.sampled_from(["a", "b"])), max_size=8))
def test_findings_about_neighbours_are_those_of_comparing_every_pair(times):
    fields = dict.fromkeys(("teacher", "feedback_summary", "musical_dimension", "severity", "piece"), "")
    moments = [
        Moment(f"m{k}", video, stop_timestamp=stop, playing_before_start=start,
               playing_before_end=start + 0.5 + length, feedback_start=talk, feedback_end=talk + 0.5 + talks,
               confidence=None, **fields)
        for k, (start, length, stop, talk, talks, video) in enumerate(times)
    ]  # fmt: skip
    segments = identify_segments(moments, 0.5)
    findings = {f.name: f for f in audit_annotations(moments, segments)}
    pairs = [(a, b) for a, b in combinations(segments, 2) if a.video_id == b.video_id]
    shared = {b.segment_id: [] for _, b in pairs}
    for a, b in pairs:
        shared[b.segment_id].append(min(a.end_time, b.end_time) - b.start_time)
    overlap = {name: f"{max(seconds):.1f} s" for name, seconds in shared.items() if max(seconds) > 1e-3}
    details = {problem.id: problem.detail for problem in findings["overlapping_windows"].problems}
    assert details.keys() == overlap.keys()
    assert all(f" shares {overlap[name]} with " in detail for name, detail in details.items())

    said = {problem.id: problem.detail for problem in findings["contradicting_moments"].problems}
    for m in moments:
        others = [o for o in moments if o is not m and o.video_id == m.video_id]
        over = [
            o for o in others
            if min(m.playing_before_end, o.feedback_end) - max(m.playing_before_start, o.feedback_start) > 1e-3
        ]  # fmt: skip
        stops = [o.stop_timestamp for o in others if m.playing_before_end <= o.stop_timestamp < m.stop_timestamp]
        detail = said.get(m.moment_id, "")
        assert detail.count("overlaps feedback") == min(len(over), 5)
        assert (f"another stop at {min(stops):.1f} s" in detail) if stops else "lies another stop" not in detail
    one_class = [
        v for v in {s.video_id for s in segments} if len({s.label for s in segments if s.video_id == v}) == 1
    ]
    assert [problem.id for problem in findings["one_class_videos"].problems] == sorted(one_class)


def test_ten_thousand_moments_of_one_video_are_audited_in_seconds(moment):
    moments = [moment((10.0 * k, 10.0 * k + 4), (10.0 * k + 3, 10.0 * k + 25)) for k in range(10_000)]
    segments = identify_segments(moments)
    began = time.process_time()
    findings = {f.name: f for f in audit_annotations(moments, segments)}
    assert time.process_time() - began < 10  # comparing every pair takes minutes
    assert findings["contradicting_moments"].count == 9_999  # all but the first, before which nobody talked
