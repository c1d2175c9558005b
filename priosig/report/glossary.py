"""The glossary: every term of the study in one plain sentence, in an order in which none is used before its own.

The report shows it, `docs/glossary.md` is its text, and the README quotes it. Views, models and confounds come from
their tables. After a change, from the checkout:

    python -c "from priosig.report.glossary import markdown; print(markdown(), end='')" > docs/glossary.md
"""

from collections.abc import Iterable
from dataclasses import dataclass

from priosig.confounds.registry import CONFOUNDS
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.views import VIEW_KINDS

VERDICTS: dict[str, str] = {
    "invalid design": "there are too few videos or sets, or the artefacts alone tell the label, so no score on these "
    "windows means anything",
    "no signal": "T1 finds nothing, and would probably have detected a signal worth finding",
    "underpowered": "T1 finds nothing, and could well have missed a signal worth finding",
    "confounded": "T1 finds a signal, and T2 finds nothing beyond what the artefacts explain",
    "weak": "there is a signal beyond the artefacts, below the bar that was set beforehand",
    "heterogeneous": "there is a signal beyond the artefacts and above the bar, but videos differ, and in some it is "
    "missing",
    "signal": "there is more than the artefacts explain, above the bar, and no sign that any video lacks it",
}
"""Every verdict in a clause, in the order in which the rule asks."""
PLAINLY: dict[str, str] = {
    "invalid design": "STOP and CONTINUE can be told without the playing, or there is too little to compare",
    "no signal": "nothing was heard, and a difference worth building on would have been",
    "underpowered": "nothing was heard, and there is too little to say that there is nothing",
    "confounded": "something was heard, but no more than what else differs lets one expect",
    "weak": "something was heard, too little to build on",
    "heterogeneous": "something was heard, in some videos only",
    "signal": "something was heard, beyond all else that was measured",
}
"""The same for someone who has read nothing yet."""

TERMS: dict[str, str] = {
    "Moment": "An annotated interruption: when the playing before it began and ended, when the teacher stopped the "
    "student, and when the feedback ended.",
    "STOP, CONTINUE": "A STOP is the playing before the teacher stopped the student; a CONTINUE runs from the end "
    "of one feedback to the next playing that was stopped: the teacher could have stopped there and did not.",
    "Window": "The seconds of a STOP or a CONTINUE that are measured.",
    "Bout": "A stretch of playing without talk.",
    "Risk set": "A bout that was stopped, and the bouts of the same video that had gone on just as long and were "
    "not stopped at that time.",
    "View": "All windows, cut in one way.",
    "Frame": "What MuQ, a network trained on music, says of 40 ms of audio, in 1024 numbers.",
    "Quality score": "How a listener would place the playing between two poles, such as bright and dark, as a "
    "network trained on the ratings of PercePiano, a public set of piano performances, predicts it.",
    "Model": "A logistic regression (the probe) that learns from all videos but one, and is tried on that one.",
    "Score": "What a model gives a window of a video that it did not learn from; above 0 it says STOP.",
    "AUC within video": "How often a STOP scores above a CONTINUE of the same video: 1 (100 times in 100) is "
    "always, 0.5 is guessing; conclusions rest on this number alone.",
    "AUC across videos": "The same over all pairs, also of different videos; it moves when videos differ in how "
    "many STOPs they hold, so nothing rests on it.",
    "Interval": "Where the AUC would lie for other videos of this kind, from leaving out one video at a time; with "
    "few videos it is wide.",
    "Confound": "What may tell STOP from CONTINUE without music.",
    "Tied": "A confound that goes with the label by the definition of the windows; in such a view no test can rule "
    "it out.",
    "Artefact, acoustic": "A confound that a clock or a stopwatch could measure is an artefact, and makes a design "
    "invalid if it tells the label, unless it is tied; one that is measured from the playing is acoustic, and may be "
    "music.",
    "Relabelling": "The same windows with labels exchanged at random: between neighbours in time, or within risk "
    "sets; the models are fitted again.",
    "p": "The share of relabellings, the true labels among them, that do as well as the true labels; small is "
    "evidence.",
    "T1": "The test for any signal: p of the AUC within video.",
    "T2": "The test for a signal beyond the artefacts: labels are drawn with the probabilities that the artefacts "
    "alone give them, what the artefacts predict is removed from the features, and the models are fitted again. "
    "Whether a signal goes beyond the acoustic confounds too is tested apart.",
    "Effective sets": "How many sets of a STOP and its CONTINUEs the confounds leave open.",
    "Power": "The chance that T1 detects a signal that an ideal listener ranks right 70 times in 100: over all that "
    "the features hear, or where they hardly vary; the smaller one decides.",
    "Verdict": "What may be said, by a rule that was fixed before the data were looked at.",
    "Exploratory": "The data had been looked at before the rule was fixed.",
    "Max-T p": "How often the largest own AUC of all features is as large under relabelling.",
    "Finding": "A quality score that by itself, beyond the confounds, tells STOP from CONTINUE (its own AUC, by "
    "max-T p), where the verdict on its model is signal.",
    "Pattern": "How a quality score moves with the model's score; a coefficient may be large only to cancel another.",
    "Slope, intercept": "Whether probabilities are meant as they are said: slope 1 and intercept 0 are right, a "
    "slope under 1 is too sure of itself.",
    "Brier score": "The mean squared error of the probabilities; less is better.",
    "STOP rate": "The share of windows that a model calls STOP; one that always says STOP has 1.",
}
"""Every term in one sentence."""


@dataclass(frozen=True)
class Entry:
    """A term: its one sentence, and what is listed under it, by name."""

    term: str
    sentence: str
    listed: tuple[tuple[str, str], ...] = ()


def glossary() -> list[Entry]:
    """Every term, with the views, models and confounds that there are now."""
    listed = {
        "View": {kind.name: kind.words for kind in VIEW_KINDS.values()},
        "Model": {f"Model {model.name}": model.words for model in FEATURE_SETS.values()},
        "Confound": {row.short: f"{row.words} ({row.unit}), {row.role}" for row in CONFOUNDS.values()},
        "Verdict": VERDICTS,
    }
    return [Entry(term, sentence, tuple(listed.get(term, {}).items())) for term, sentence in TERMS.items()]


def first_words(models: Iterable[str], verdicts: Iterable[str]) -> list[tuple[str, str]]:
    """The words of the first screen, each with a few plain ones."""
    return [
        ("STOP", "the playing before the teacher stopped it"),
        ("CONTINUE", "playing that went on"),
        *((f"Model {name}", FEATURE_SETS[name].plainly) for name in models),
        *((label.capitalize(), PLAINLY[label]) for label in verdicts),
        ("Confound", "what may tell STOP from CONTINUE without music"),
    ]


def markdown() -> str:
    """The glossary as the text of `docs/glossary.md`."""
    lines = ["# Glossary", "", "Every term in a sentence or two; the report shows the same."]
    for entry in glossary():
        lines += ["", f"**{entry.term}.** {entry.sentence}", *([""] if entry.listed else [])]
        lines += [f"- *{name}*: {words}" for name, words in entry.listed]
    return "\n".join(lines) + "\n"
