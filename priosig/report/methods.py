"""A paragraph of methods to copy into a paper: what was done, with its numbers, and the references."""

from priosig.annotations.segments import LABELS
from priosig.experiment.evaluation import rule_of
from priosig.experiment.feature_sets import FEATURE_SETS
from priosig.experiment.views import VIEW_KINDS
from priosig.report.confounds import treatments
from priosig.report.inputs import software
from priosig.report.material import Material
from priosig.report.words import counted, joined, seconds, share

REFERENCES = (
    "T. B. Berrett, Y. Wang, R. F. Barber & R. J. Samworth (2020), The conditional permutation test for independence "
    "while controlling for confounders, J. R. Stat. Soc. B 82, 175-197.",
    "S. Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 65-70.",
    "B. Phipson & G. K. Smyth (2010), Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9, "
    "article 39.",
    "P. H. Westfall & S. S. Young (1993), Resampling-based multiple testing, Wiley.",
)
_SOFTWARE = ("priosig", "numpy", "scikit-learn", "torch", "muq")
_EXCHANGE = {
    True: "within each risk set, a STOP and the bouts of the same video that had gone on just as long",
    False: "between neighbouring segments of a video",
}


def methods(material: Material) -> dict:
    """The paragraph as plain text and as Markdown."""
    paragraph = " ".join(_sentences(material))
    listed = "\n".join(f"- {reference}" for reference in REFERENCES)
    return {
        "paragraph": paragraph,
        "references": REFERENCES,
        "markdown": f"## Methods\n\n{paragraph}\n\n### References\n\n{listed}\n",
    }


def _sentences(material: Material) -> list[str]:
    annotations, claim = material.experiment.annotations, material.claim
    settings, rule = annotations.corpus.settings, rule_of(annotations.corpus.settings)
    n = {k: sum(s.label == k for s in annotations.segments) for k in LABELS}
    n_claim = {k: sum(s.label == k for s in claim.view.segments) for k in LABELS}
    n_videos = len({m.video_id for m in annotations.moments})
    length = f", {seconds(claim.view.duration)}" if claim.view.duration else ""
    said = [
        f"The annotations hold {counted(len(annotations.moments), 'moment')} in {counted(n_videos, 'video')}. They "
        f"give {n['stop']} STOP segments (the playing before a stop) and {n['continue']} CONTINUE segments (from the "
        "end of one feedback to the next playing window, "
        f"{seconds(settings.min_continue_duration)} or more).",
        f"Conclusions are drawn from the {claim.view.name} view ({VIEW_KINDS[claim.view.name].words}{length}), which "
        f"holds {n_claim['stop']} STOP and {n_claim['continue']} CONTINUE windows.",
    ]
    if claim.models:
        named = joined([f"Model {name} ({FEATURE_SETS[name].words})" for name in claim.models])
        said += [
            f"{named}: logistic regression on standardised features with an L2 penalty (C = {settings.C:g}), solved "
            "to convergence and scored by leave-one-video-out cross-validation.",
            "Performance is the area under the ROC curve within video: pairs of a STOP and a CONTINUE of the same "
            "video, videos weighted by n1 n0 / (n1 + n0 + 1).",
            f"T1 exchanges labels ({_EXCHANGE[claim.view.set_ids is not None]}) and refits the model "
            f"({rule.n_permutations:,} relabellings). T2 draws the same relabellings given the artefacts, by "
            "conditional logistic regression on a penalised basis, on features without what these predict of them. "
            f"P-values are corrected for {counted(len(claim.models), 'model')} (Holm). The "
            f"{share(rule.level)} interval is a jackknife over videos with everything refitted.",
        ]
    told = "; ".join(f"{kind[:1].lower()}{kind[1:]}: {names}" for kind, names in treatments(claim.design))
    said.append(f"Confounds: {told}. Those that vary were each tried as a predictor in the same way." if told else "")
    looked = " The data had been looked at before: the analysis is exploratory." if settings.exploratory else ""
    said.append(
        f"The rule was fixed beforehand (hash {rule.hash}): alpha {rule.alpha:g}, AUC of {rule.threshold:.2f} or "
        f"more, confounds alone below {rule.confound_bar:.2f}, {rule.min_videos} videos and {rule.min_sets} "
        f"sets or more, and no sign that videos differ unless each is above 0.5.{looked}"
    )
    versions = software()
    used = [f"{name} {versions[name]}" for name in _SOFTWARE if name in versions]
    said.append(f"Software: {', '.join(used)}.")
    return [one for one in said if one]
