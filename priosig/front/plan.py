"""How many groups a study needs: power by number of groups, from labels alone (`priosig.inference.planning`)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from priosig._core.shown import Shown, table, wrapped
from priosig._core.threads import one_blas_thread
from priosig.front.given import groups_of, labels_of
from priosig.inference import planning
from priosig.inference.planning import AUCS, N_VIDEOS, WANTED, PowerTable
from priosig.verdict.evidence import Names


@dataclass(frozen=True, eq=False, repr=False)
class PlanResult(Shown):
    """Power of the test for any signal (T1), by number of groups.

    Attributes
    ----------
    power : PowerTable
        Its `power`, shape (n_aucs, n_numbers), for `aucs` of an ideal listener and `n_videos`, numbers of groups.
    """

    power: PowerTable
    names: Names

    def __repr__(self) -> str:
        group = self.names.group
        head = (
            f"Chance to find a signal in {group}s like these, by their number: AUC within {group} that an ideal "
            "listener would reach, independent Gaussian features"
        )
        return "\n".join([*wrapped(head), "", *power_lines(self.power, group)])

    def rows(self) -> list[dict[str, Any]]:
        """A row for each AUC and number of groups."""
        return [
            {"auc": auc, "n_groups": n, "power": power}
            for auc, powers in zip(self.power.aucs, self.power.power.tolist(), strict=True)
            for n, power in zip(self.power.n_videos, powers, strict=True)
        ]


def power_lines(power: PowerTable, group: str) -> list[str]:
    """Lines of a table: power by number of groups, and how many groups give 80 %."""
    lines = [(f"{group}s", *(f"{n}" for n in power.n_videos), f"for {WANTED:.0%}")]
    for auc, powers, needed in zip(power.aucs, power.power.tolist(), power.needed, strict=True):
        enough = f"{needed or f'more than {power.n_videos[-1]}'}"
        lines.append((f"AUC {auc:.2f}", *(f"{share:.0%}" for share in powers), enough))
    return table(lines, right=range(1, len(power.n_videos) + 1))


@one_blas_thread
def plan(
    y: Iterable[Any],
    groups: Iterable[Hashable],
    *,
    names: Mapping[str, str] | None = None,
    aucs: Sequence[float] = AUCS,
    n_groups: Sequence[int] = N_VIDEOS,
    n_features: int = 19,
    alpha: float = 0.05,
    seed: int = 0,
) -> PlanResult:
    """The chance to detect a signal, by the number of groups like these.

    Parameters
    ----------
    y, groups, names
        As for `priosig.assess`: what a pilot study holds. Nobody needs to say which of two texts is positive.
    aucs : sequence of float
        AUC within group that an ideal listener would reach; between 0.5 and 1, ascending.
    n_groups : sequence of int
        Numbers of groups, 2 or more, ascending.
    n_features : int
        Of the probe; 1 to 100.

    Raises
    ------
    ValueError
        As `priosig.assess` for labels and groups; if no group holds both labels, or a number is out of range.
    """
    listed = list(groups)
    labels, words = labels_of("plan", y, len(listed), names, either=True)
    numbers, _ = groups_of("plan", listed, len(listed))
    power = planning.plan(
        labels, numbers.tolist(), aucs=aucs, n_videos=n_groups, n_features=n_features, alpha=alpha, seed=seed
    )
    return PlanResult(power, words)
