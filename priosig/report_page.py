"""What stands on the page of a report: the verdict, the study, models against confounds, the audit.

Functions here, and in `priosig.report_models`, turn an `Experiment` into plain values for `templates/report.html.j2`,
which escapes every text. A section whose data are missing is None and is left out of the page.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from . import plots
from .audit import Finding
from .confounds import UNITS
from .evaluation import ViewResult
from .experiment import Experiment
from .moments import Moment
from .report_tables import main_view, video_link
from .transcript import talk_share

MODEL_WORDS = {
    "A": "mean and standard deviation of MuQ's frames",
    "B": "19 PercePiano quality scores",
}
VIEW_WORDS = {
    "annotated": "windows as annotated",
    "equal": "windows cut to one length",
    "clean": "windows of one length with playing and no talk",
}
VERDICT_WORDS = {
    "signal": "The playing tells a STOP, beyond every confound that was measured.",
    "heterogeneous": "The playing tells a STOP in some videos and not in others.",
    "confounded": "What the model found cannot be told from measured confounds.",
    "no signal": "Nothing to build on was found.",
    "underpowered": "Too few data to tell.",
    "invalid design": "These windows cannot answer the question.",
    "not tested": "No test was made in this run.",
}
MOST_VIDEOS = 12
"""Panels by video that are drawn; the tables hold all videos."""


def headline(experiment: Experiment) -> dict:
    """The verdict in words, for the view that claims rest on, and the figures side by side."""
    result = main_view(experiment)
    verdicts = []
    for model, cv in result.models.items():
        assessment = result.assessments.get(model)
        label = assessment.verdict.label if assessment else "not tested"
        verdicts.append(
            {
                "model": model,
                "label": label,
                "words": VERDICT_WORDS[label],
                "sentence": assessment.verdict.sentence if assessment else "",
                "auc": cv["auc_within_video"],
                "assessment": assessment,
            }
        )
    designs = [
        {"view": name, "what": VIEW_WORDS[name], "problem": v.design.verdict is not None,
         "sentence": v.design.verdict.sentence if v.design.verdict else _can_be_judged(v)}
        for name, v in experiment.views.items()
        if v.design is not None
    ]  # fmt: skip
    exploratory = any(v["assessment"] and v["assessment"].verdict.exploratory for v in verdicts)
    return {
        "view": result.view.name,
        "view_words": VIEW_WORDS[result.view.name],
        "verdicts": verdicts,
        "designs": designs,
        "exploratory": exploratory,
        "annotations_only": not any(v.features is not None for v in experiment.views.values()),
        "side_by_side": side_by_side(experiment),
    }


def side_by_side(experiment: Experiment) -> dict:
    """AUC within video by view: of the models, of window length alone, and of the best that confounds can do."""
    views = [name for name in VIEW_WORDS if name in experiment.views]
    rows = []
    for model in MODEL_WORDS:
        cells = []
        for v in (experiment.views[name] for name in views):
            if model in v.models:
                verdict = v.assessments[model].verdict.label if model in v.assessments else ""
                cells.append({"auc": v.models[model]["auc_within_video"], "verdict": verdict, "note": ""})
            else:
                cells.append({"auc": None, "verdict": "", "note": v.problems.get(model, "not run")})
        rows.append({"what": f"Model {model}", "cells": cells})
    lengths, bests = [], []
    for v in (experiment.views[name] for name in views):
        baselines = v.design.baselines if v.design is not None else ()
        length = next((b for b in baselines if b.name == "length"), None)
        fate = "removed by design" if "length" in v.confounds.constant else "not tried"
        of_length = length.auc_within_video if length else None
        lengths.append({"auc": of_length, "verdict": "", "note": "" if length else fate})
        tried = [b for b in baselines if not np.isnan(b.auc_within_video)]
        best = max(tried, key=lambda b: b.auc_within_video, default=None)
        note = plain(best.name) if best else "none varies"
        bests.append({"auc": best.auc_within_video if best else None, "verdict": "", "note": note})
    rows += [{"what": "Window length alone", "cells": lengths}, {"what": "Best of the confounds", "cells": bests}]
    return {"views": [(name, VIEW_WORDS[name]) for name in views], "rows": rows}


def study(experiment: Experiment) -> dict:
    """Videos, segments, lengths, talk; what was dropped and why."""
    annotations = experiment.annotations
    segments = annotations.segments
    talk = dict(zip((s.segment_id for s in segments), talk_share(segments, annotations.moments), strict=True))
    videos = []
    for video in sorted({m.video_id for m in annotations.moments}):
        moments = [m for m in annotations.moments if m.video_id == video]
        row = {"id": video, "link": video_link(video, 0), "moments": len(moments), **who(moments)}
        for label in ("stop", "continue"):
            of_label = [s for s in segments if s.video_id == video and s.label == label]
            known = [talk[s.segment_id] for s in of_label if talk[s.segment_id] == talk[s.segment_id]]
            row[label] = {
                "n": len(of_label),
                "length": float(np.median([s.duration for s in of_label])) if of_label else None,
                "talk": float(np.mean(known)) if known else None,
            }
        videos.append(row)
    views = [
        {
            "name": name,
            "what": VIEW_WORDS[name],
            "stop": int(v.y.sum()),
            "continue": int((1 - v.y).sum()),
            "videos": len(set(v.video_ids)),
            "length": v.view.duration,
            "dropped": sorted(Counter(_reason(d.reason) for d in v.view.dropped).items(), key=lambda item: -item[1]),
        }
        for name, v in experiment.views.items()
    ]
    by_label = {k: np.array([s.duration for s in segments if s.label == k]) for k in ("stop", "continue")}
    rows = [
        (
            _short(video["id"]),
            *(
                [(s.start_time / 60, s.end_time / 60) for s in segments if (s.video_id, s.label) == (video["id"], k)]
                for k in ("stop", "continue")
            ),
        )
        for video in videos[:MOST_VIDEOS]
    ]
    stop, other = by_label["stop"], by_label["continue"]
    return {
        "videos": videos,
        "views": views,
        "n_moments": len(annotations.moments),
        "n_segments": len(segments),
        "settings": annotations.corpus.settings,
        "timeline": figure(
            plots.timeline(rows),
            f"Timeline of {len(rows)} videos with {len(stop)} STOP and {len(other)} CONTINUE windows as annotated.",
            f"Where the windows lie, as annotated ({len(stop)} STOP, {len(other)} CONTINUE).",
            wide=True,
        ),
        "lengths": figure(
            plots.lengths(stop, other),
            f"Lengths of windows: STOP median {np.median(stop):.1f} s, CONTINUE median {np.median(other):.1f} s.",
            f"Length of each window as annotated; n = {len(stop)} STOP, {len(other)} CONTINUE.",
        ),
    }


def comparison(experiment: Experiment) -> dict:
    """Models against confounds, a panel a view, and the table of confounds."""
    panels, tables = [], []
    for name in VIEW_WORDS:
        v = experiment.views.get(name)
        if v is None or (v.design is None and not v.models):
            continue
        rows = []
        for model, cv in v.models.items():
            interval = v.assessments[model].interval if model in v.assessments else None
            low, high = (interval.low, interval.high) if interval else (np.nan, np.nan)
            rows.append((f"Model {model}", cv["auc_within_video"], low, high))
        baselines = v.design.baselines if v.design is not None else ()
        rows += [(plain(b.name), b.auc_within_video, np.nan, np.nan) for b in baselines]
        if rows:
            threshold = experiment.annotations.corpus.settings.auc
            said = "; ".join(f"{label} {value:.2f}" for label, value, *_ in rows)
            n = f"{len(v.y)} segments, {len(set(v.video_ids))} videos"
            panels.append(
                figure(
                    plots.dot_plot(rows, threshold=threshold, models=len(v.models)),
                    f"AUC within video, {name} view: {said}.",
                    f"{name.capitalize()}: {VIEW_WORDS[name]}; {n}. Dashed: the bar of {threshold:.2f}.",
                )
            )
        tables.append(
            {
                "view": name,
                "baselines": [
                    {"name": plain(b.name), "unit": UNITS.get(b.name, ""), "baseline": b} for b in baselines
                ],
                "removed": [plain(n) for n in v.confounds.constant],
                "not_measured": [(plain(n), why) for n, why in v.confounds.not_measured.items()],
            }
        )
    models = [
        {"view": name, "model": model, "summary": cv["summary"], "assessment": v.assessments.get(model)}
        for name, v in experiment.views.items()
        for model, cv in v.models.items()
    ]
    return {"panels": panels, "tables": tables, "models": models}


def audit(findings: Sequence[Finding], most: int = 100) -> list[dict]:
    """Findings with at most so many of their rows."""
    return [{"finding": f, "rows": f.problems[:most], "more": max(0, len(f.problems) - most)} for f in findings]


def figure(svg: str, alt: str, caption: str | dict, *, wide: bool = False) -> dict:
    from markupsafe import Markup

    width = int(re.search(r'width="(\d+)"', svg)[1])
    return {"svg": Markup(svg), "alt": alt, "caption": caption, "wide": wide, "width": width}


def who(moments: Sequence[Moment]) -> dict[str, str]:
    titles = [m.video_title for m in moments if m.video_title]
    teachers = Counter(m.teacher for m in moments if m.teacher)
    return {
        "title": titles[0] if titles else "",
        "teacher": teachers.most_common(1)[0][0] if teachers else "teacher unknown",
    }


def plain(name: str) -> str:
    return name.replace("_", " ")


def number_words(value: float) -> str:
    return "not defined" if np.isnan(value) else f"{value:.2f}"


def p_words(value: float) -> str:
    return "p not computed" if np.isnan(value) else f"p = {value:.2g}"


def _can_be_judged(v: ViewResult) -> str:
    e = v.design.evidence
    text = f"No problem was found in this design ({v.design.n_videos} videos, {v.design.n_pairs} neighbouring pairs"
    if e.confound_auc == e.confound_auc:
        text += f"; confounds alone reach an AUC within video of {e.confound_auc:.2f}, {p_words(e.confound_pvalue)}"
    missing = f" Not measured: {', '.join(map(plain, e.not_measured))}." if e.not_measured else ""
    return f"{text}).{missing}"


def _reason(reason: str) -> str:
    if reason.startswith("lasts "):
        return "too short"
    return "the same window as another once cut" if reason.startswith("cut to the same") else reason


def _short(text: str, most: int = 14) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
