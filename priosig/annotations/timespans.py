"""Arithmetic on spans of time: union, intersection, difference, total length.

A span is `(start, end)`, half open, in seconds from the start of the video. Lists of spans that a function returns
are sorted and disjoint.
"""

from collections.abc import Iterable, Sequence

Span = tuple[float, float]
SLACK = 1e-3  # s; annotations have milliseconds


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, in which times are compared."""
    return round(1000 * seconds)


def merge(spans: Iterable[Span], gap: float = 0.0) -> list[Span]:
    """Union of spans; empty ones vanish, and spans less than `gap` seconds apart become one.

    Examples
    --------
    >>> merge([(5, 6), (0, 2), (1, 3)])
    [(0, 3), (5, 6)]
    >>> merge([(0, 3), (5, 6)], gap=3)
    [(0, 6)]
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and (start <= merged[-1][1] or start - merged[-1][1] < gap):
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def intersect(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """What lies in both; each of the two sorted and disjoint.

    Examples
    --------
    >>> intersect([(0, 3), (5, 6)], [(2, 10)])
    [(2, 3), (5, 6)]
    """
    common, i, j = [], 0, 0
    while i < len(first) and j < len(second):
        start, end = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if start < end:
            common.append((start, end))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return common


def free(whole: Span, busy: Iterable[Span]) -> list[Span]:
    """What is left of `whole` without the `busy` spans, which may overlap and come in any order.

    Examples
    --------
    >>> free((0, 10), [(2, 3), (8, 12)])
    [(0, 2), (3, 8)]
    """
    edges = [whole[0], *(edge for span in intersect([whole], merge(busy)) for edge in span), whole[1]]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def total(spans: Iterable[Span]) -> float:
    """Summed length of disjoint spans, in seconds."""
    return sum((end - start for start, end in spans), 0.0)
