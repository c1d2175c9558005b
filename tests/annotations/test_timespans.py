"""Spans of time, against sets of whole seconds."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from priosig.annotations.timespans import free, intersect, merge, total

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def seconds(spans) -> set[int]:
    return {t for a, b in spans for t in range(a, b)}


@given(spans, spans)
def test_union_and_intersection_agree_with_sets_of_seconds(first, second):
    assert seconds(merge(first)) == seconds(first)
    assert seconds(intersect(merge(first), merge(second))) == seconds(first) & seconds(second)
    assert total(merge(first)) == len(seconds(first))


@given(st.integers(0, 15), st.integers(16, 30), spans)
def test_what_is_left_is_the_rest_of_the_seconds(start, end, busy):
    left = free((start, end), busy)
    assert seconds(left) == set(range(start, end)) - seconds(merge(busy))
    assert left == merge(left)


@given(spans, st.integers(1, 5))
def test_a_union_with_a_gap_fills_every_shorter_gap_and_no_other(busy, gap):
    joined, apart = merge(busy, gap), merge(busy)
    gaps = [(a[1], b[0]) for a, b in pairwise(apart)]
    assert joined == merge([*apart, *(g for g in gaps if g[1] - g[0] < gap)])
