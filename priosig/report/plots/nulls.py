"""What T1 and T2 give when the labels are swapped: a histogram a test, with the observed value."""

import numpy as np

from priosig.inference.assessment import Assessment
from priosig.report.grid import Figure, figure
from priosig.report.material import Material
from priosig.report.plots.svg import BAR, NARROW, across, drawing, line, rect, round_ticks, text, x_axis
from priosig.report.words import number, p_words

_BIN, _STRIP = 0.02, 84


def figures(material: Material) -> list[Figure]:
    """A figure a model that was tested."""
    return [made for name, a in material.claim.assessments.items() if (made := _figure(name, a)) is not None]


def _figure(model: str, a: Assessment) -> Figure | None:
    tests = [
        (name, test.null_distribution[np.isfinite(test.null_distribution)], test.statistic, corrected)
        for name, test, corrected in (
            ("T1: any signal", a.any_signal, a.any_signal_pvalue),
            ("T2: beyond the confounds, on adjusted features", a.beyond_confounds, a.beyond_confounds_pvalue),
        )
        if test is not None and np.isfinite(test.statistic) and np.isfinite(test.null_distribution).any()
    ]
    if not tests:
        return None
    every = np.concatenate([*(null for _, null, *_ in tests), [value for _, _, value, _ in tests]])
    low, high = np.floor(every.min() / _BIN) * _BIN, np.ceil(every.max() / _BIN) * _BIN + _BIN
    edges = np.arange(low, high + _BIN / 2, _BIN)

    def draw(width: int) -> str:
        at = across(low, high, 12, width - 12)
        shapes = []
        for place, (name, null, value, corrected) in enumerate(tests):
            base = _STRIP * (place + 1)
            counts, _ = np.histogram(null, bins=edges)
            for k in np.flatnonzero(counts):
                x, height = at(edges[k]), 44 * counts[k] / counts.max()
                shapes.append(rect(x + 0.5, base - height, at(edges[k] + _BIN) - x - 0.5, height, colour=BAR))
            shapes += [
                line(12, base, width - 12, base),
                line(at(value), base, at(value), base - 48, width=2.4, colour="ink"),
                text(12, base - 74, name, bold=True),
                text(width - 12, base - 58, f"observed {number(value)}, {p_words(corrected)}", "end"),
            ]
        ticks = [(t, f"{t:g}") for t in round_ticks(low, high, 5)]
        shapes += x_axis(at, ticks, _STRIP * len(tests), "AUC within video")
        said = "; ".join(f"{name}, observed {number(value)}" for name, _, value, _ in tests)
        return drawing(width, _STRIP * len(tests) + 40, shapes, f"Null distributions of Model {model}: {said}.")

    corrected = f"; p is corrected for {a.evidence.n_models} models (Holm)" if a.evidence.n_models > 1 else ""
    caption = f"Grey: {len(tests[0][1]):,} relabellings, each refitted. Line: as observed{corrected}."
    return figure(f"What chance gives: Model {model}", caption, draw, NARROW)
