"""Which named features tell STOP from CONTINUE, beside the weights that the probe gives them.

**Weights are described, not tested.** Folds share most of their segments, so that weights agree in sign on shuffled
labels too. Beside a feature with a real effect no relabelling gives the null distribution of the others' weights:
with 20 videos one of them passes in half of all studies.

**Own AUCs are tested.** A feature's own AUC is taken within strata, with nothing fitted, after what the confounds
predict of it has been taken away (`priosig.confounds.smoother`). Without a relation to the label it has the same
distribution whatever the other features do. Its p-value is max-T over all features (Westfall & Young 1993), with
labellings drawn given the confounds as in T2.

**Clusters.** Weights of correlated features trade places freely, so that features are clustered by 1 - |Spearman
correlation|. The importance of a cluster is the drop of the AUC within strata when its features are permuted
together, within strata, in the held-out segments (Breiman 2001).

**Patterns.** A weight may be large on a feature that only cancels noise. The pattern Cov(X) w says how the feature
moves with the score (Haufe et al. 2014).

References
----------
S. Haufe et al. (2014), On the interpretation of weight vectors of linear models in multivariate neuroimaging,
NeuroImage 87, 96-110.
L. Breiman (2001), Random forests, Mach. Learn. 45, 5-32 (permutation importance).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from priosig._core.arrays import centred_within
from priosig.crossval.folds import fit_fold
from priosig.inference._rows import in_order
from priosig.inference.beyond_confounds import given_confounds
from priosig.inference.data import LabelledSegments
from priosig.inference.multiplicity import TIE, max_t_pvalues
from priosig.inference.permutation import require_both_classes
from priosig.inference.relabelling import shuffle_within_videos
from priosig.metrics.auc import auc_within_video
from priosig.verdict.rule import Rule

CLUSTER_CUT = 0.3


@dataclass(frozen=True)
class Weight:
    """One feature of the probe.

    `mean` and `spread` (standard deviation with n - 1) are of its weight over folds, on standardised features;
    `sign_agreement` is the share of folds in which the weight has the sign of the mean, NaN for a mean of 0.
    `pattern` is the covariance of the feature with the score, in standard deviations of both. `own_auc` is the AUC
    within strata of the feature alone, without what the confounds predict of it, with its two-sided max-T `pvalue`; a
    `finding` has a p of at most alpha. `cluster` is the position of its cluster.
    """

    name: str
    mean: float
    spread: float
    sign_agreement: float
    pattern: float
    own_auc: float
    pvalue: float
    finding: bool
    cluster: int


@dataclass(frozen=True)
class Cluster:
    """Features that go together.

    `importance` is the mean drop of the AUC within strata over permutations, `spread` its standard deviation.
    """

    names: tuple[str, ...]
    importance: float
    spread: float


@dataclass(frozen=True)
class CoefficientTable:
    """Weights in the order of the features; clusters, most important first."""

    weights: tuple[Weight, ...]
    clusters: tuple[Cluster, ...]


def coefficient_table(
    data: LabelledSegments, names: Sequence[str], rule: Rule, *, seed: int = 0, n_repeats: int = 100
) -> CoefficientTable:
    """Weights and patterns, each feature's own AUC with its max-T p-value, and the importance of clusters.

    `names` are those of the features, a handful. The same seed gives T2's labellings. Each cluster's importance is a
    mean over `n_repeats` permutations.

    Raises
    ------
    ValueError
        As `permutation_test`, and if there is not one name a feature or some fold cannot be trained.
    """
    X = data.X
    if len(names) != X.shape[1]:
        raise ValueError(f"coefficient_table: {len(names)} names for features of shape {X.shape}; expected one each")
    require_both_classes(data)
    by_fold, intercepts = _weights(data, rule.C)
    mean, spread = by_fold.mean(axis=0), by_fold.std(axis=0, ddof=1)
    agreement = np.where(mean == 0, np.nan, (np.sign(by_fold) == np.sign(mean)).mean(axis=0))
    pattern = _pattern(data, mean)
    given = given_confounds(data, rule, seed=seed, acoustic=False)
    own_aucs = own_auc(given.without, given.labellings)
    pvalues = max_t_pvalues(own_aucs.T, two_sided=True)
    labels = clusters_of(X)
    rng = np.random.default_rng([seed, 5])
    clusters = []
    for cluster in range(labels.max() + 1):
        drops = _drops(data, by_fold, intercepts, labels == cluster, n_repeats, rng)
        members = tuple(str(names[i]) for i in np.flatnonzero(labels == cluster).tolist())
        clusters.append(Cluster(members, float(drops.mean()), float(drops.std())))
    order = sorted(range(len(clusters)), key=lambda c: -clusters[c].importance)
    weights = tuple(
        Weight(
            name=str(names[i]),
            mean=float(mean[i]),
            spread=float(spread[i]),
            sign_agreement=float(agreement[i]),
            pattern=float(pattern[i]),
            own_auc=float(own_aucs[0, i]),
            pvalue=float(pvalues[i]),
            finding=bool(pvalues[i] <= rule.alpha),
            cluster=order.index(labels[i]),
        )
        for i in range(X.shape[1])
    )
    return CoefficientTable(weights, tuple(clusters[c] for c in order))


def own_auc(data: LabelledSegments, labellings: np.ndarray) -> np.ndarray:
    """AUC within strata of each feature by itself, shape (m, n_features).

    `labellings`, shape (m, n_segments), have as many STOPs in each stratum as `data`. Given these numbers the AUC is
    linear in the labels: a STOP adds its mid-rank in the stratum, divided by the stratum's size + 1 (van Elteren).
    """
    from scipy.stats import rankdata

    X, strata = data.X, data.strata
    scores, total = np.zeros_like(X), 0.0
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        n, n_stop = len(rows), int(data.y[rows].sum())
        if 0 < n_stop < n:
            scores[rows] = (rankdata(X[rows], axis=0) - (n_stop + 1) / 2) / (n + 1)
            total += n_stop * (n - n_stop) / (n + 1)
    return labellings @ scores / total


def clusters_of(X: np.ndarray) -> np.ndarray:
    """Cluster of each feature, numbered in the order of their first feature; shape (n_features,).

    Average linkage on 1 - |Spearman correlation|, cut at 0.3. A feature that does not vary is a cluster of its own.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if X.shape[1] == 1:
        return np.zeros(1, dtype=np.intp)
    distance = 1 - np.abs(rank_correlation(X))
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(np.clip(distance, 0, 1), checks=False), method="average")
    return in_order(fcluster(tree, CLUSTER_CUT, criterion="distance"))


def rank_correlation(X: np.ndarray) -> np.ndarray:
    """Spearman correlations of features, shape (n_features, n_features); 0 with a feature that does not vary."""
    from scipy.stats import rankdata

    ranks = rankdata(X, axis=0)
    ranks -= ranks.mean(axis=0)
    norm = np.sqrt((ranks**2).sum(axis=0))
    ranks = np.divide(ranks, norm, out=np.zeros_like(ranks), where=norm > 0)
    return ranks.T @ ranks


def _weights(data: LabelledSegments, C: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights of each fold's probe, shape (n_folds, n_features), and its intercept."""
    by_fold, intercepts = [], []
    for fold in data.folds:
        fit, _ = fit_fold(fold, data.y[None, :], C)
        if not fit.trainable.all():
            where = ", ".join(map(str, fold.held_out))
            raise ValueError(
                f"coefficient_table: fold {where} cannot be trained; expected both classes outside each video"
            )
        by_fold.append(fold.reduction.V @ fit.coef[0])
        intercepts.append(fit.intercept[0])
    weights = np.array(by_fold)
    weights[:, np.ptp(data.X, axis=0) == 0] = 0.0  # not the rounding error of a zero
    return weights, np.array(intercepts)


def _pattern(data: LabelledSegments, weights: np.ndarray) -> np.ndarray:
    """Cov(X) w / sd(X w), features centred within video and scaled to unit spread (Haufe et al. 2014, eq. 6)."""
    centred = centred_within(data.X, data.videos)
    scale = centred.std(axis=0)
    centred = np.divide(centred, scale, out=np.zeros_like(centred), where=scale > TIE)
    score = centred @ weights
    return centred.T @ score / len(score) / score.std() if score.std() > TIE else np.full(len(weights), np.nan)


def _drops(
    data: LabelledSegments,
    weights: np.ndarray,
    intercepts: np.ndarray,
    members: np.ndarray,
    n_repeats: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Drop of the AUC within strata for each joint permutation of some features; shape (n_repeats,).

    Scores are linear, so that only the members' share of them is permuted.
    """
    y, strata = data.y, data.strata
    part, scores = np.empty(len(y)), np.empty(len(y))
    for fold, w, b in zip(data.folds, weights, intercepts, strict=True):
        Z = (data.X[fold.test] - fold.reduction.mean) / fold.reduction.scale
        part[fold.test] = Z[:, members] @ w[members]
        scores[fold.test] = Z @ w + b
    permuted = scores - part + shuffle_within_videos(part, strata, n_repeats, rng)
    return np.subtract(auc_within_video(scores, y, strata), auc_within_video(permuted, y, strata))
