"""What a result of `assess` shows, explains, and says to do."""

import html
import re
import sys

import numpy as np
import pytest

from priosig import assess
from priosig._core.shown import MOST_ROWS, WIDTH
from priosig.front.result import _notes, what_to_do
from priosig.verdict.decide import decide
from priosig.verdict.evidence import Evidence, Names
from priosig.verdict.rule import Rule
from tests.front.studies import FEW, study

pytestmark = pytest.mark.usefixtures("few_replicates")


def test_the_text_fits_on_a_screen_and_shows_no_control_characters(planted):
    X, y, groups, _ = study()
    many = {
        f"a confound with a long name {k} \x1b[31m": np.random.default_rng(k).normal(size=96)
        for k in range(MOST_ROWS + 1)
    }
    many["leak"] = y  # so that the design is invalid, which is quick
    names = {"positive": "x" * 120, "negative": "<b>", "group": "g" * 90}
    for result in (planted, assess(X, y, groups, many, names=names, **FEW)):
        lines = repr(result).splitlines()
        assert max(map(len, lines)) <= max(WIDTH, 120)
        assert "\x1b" not in repr(result)
        assert result._repr_html_() == f"<pre>{html.escape(repr(result))}</pre>"
    assert "<b>" not in result._repr_html_()
    assert len(repr(planted).splitlines()) < 30


def test_without_confounds_the_result_says_what_it_cannot_tell(planted, without_confounds):
    assert "No confound was given" in repr(without_confounds)
    assert "No confound was given" not in repr(planted)


def test_a_plot_shows_every_predictor(planted):
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib.figure import Figure

    axes = planted.plot(Figure().add_subplot())
    assert [label.get_text() for label in axes.get_yticklabels()] == [row["predictor"] for row in planted.rows()]


def test_without_pandas_a_frame_is_refused_with_what_to_do(planted, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install pandas; rows\(\)"):
        planted.to_frame()


def test_the_auc_across_groups_is_the_pooled_one_and_is_shown():
    X, y, groups, confounds = study(shift=0.4)
    X[:, 0] += 5 * (groups == "rec0")  # one group ranks above the others, whatever its labels
    result = assess(X, y, groups, confounds, names={"group": "concert"}, **FEW)
    wins = result.scores[y][:, None] - result.scores[~y]
    pooled = (wins > 0).mean() + (wins == 0).mean() / 2
    assert result.auc_across == pytest.approx(pooled)
    assert result.auc_across != pytest.approx(result.auc, abs=0.01)
    first, second = result.rows()[:2]
    assert (first["auc_across"], second["auc_across"]) == (result.auc_across, result.design.baselines[0].auc)
    assert "AUC within concert, on which conclusions rest, and across concerts (pooled)" in repr(result)
    assert re.search(rf"^X +{result.auc:.2f} +{result.auc_across:.2f} ", repr(result), re.MULTILINE)


def test_what_is_not_positive_has_a_word():
    X, y, groups, _ = study()
    y[:16] = True
    result = assess(X, y, groups, y, names={"positive": "applause", "group": "concert"}, **FEW)
    assert "an applause above a non-applause of the same concert" in result.verdict.sentence
    counts = f"({y.sum()} applause, {96 - y.sum()} non-applause) in 6 concerts, 5 of them with both labels"
    assert counts in " ".join(repr(result).split())


def shown(auc: dict, *, best=("a", 0.6), acoustic=()):
    """Notes below a table of confounds with these AUCs."""
    evidence = Evidence(
        6, 20, confound_auc=best[1], confound_names=best[:1], acoustic=acoustic,
        confound_ranking=tuple((name, auc[name]) for name in ("a", "b")),
        names=Names(group="concert"),
    )  # fmt: skip
    return _notes([{"predictor": name, "auc": value} for name, value in auc.items()], evidence)


def test_numbers_that_surprise_are_explained():
    usual = {"X": 0.7, "a": 0.6, "b": 0.5, "all together": 0.62}
    assert shown(usual) == []
    (together,) = shown(usual | {"all together": 0.55})
    assert "may rank worse than one confound alone" in together
    (backwards,) = shown(usual | {"b": 0.05})
    assert "what was learnt from the other concerts ranks the one left out the wrong way round" in backwards
    (curve,) = shown(usual, best=("a", 0.66))
    assert curve.endswith("as a curve; that of a reaches 0.66.")
    (without,) = shown(usual | {"loud": 0.9}, acoustic=("loud",))
    assert without == "All together is without loud, which may be music."


def lasting(**changed) -> Evidence:
    """Evidence of a signal, and what differs."""
    fine = {
        "n_videos": 8, "n_sets": 30, "auc": 0.8, "low": 0.6, "high": 0.9, "n_videos_above_half": 8,
        "any_signal_pvalue": 0.01, "beyond_confounds_pvalue": 0.01, "power": 0.9, "heterogeneity_pvalue": 0.5,
        "confound_auc": 0.5, "confound_pvalue": 0.5, "confound_names": ("seconds",),
        "confound_ranking": (("seconds", 0.5),), "names": Names(group="concert", item="clip"),
    }  # fmt: skip
    return Evidence(**(fine | changed))


LEAK = {"confound_auc": 0.9, "confound_pvalue": 0.001}


@pytest.mark.parametrize(
    ("changed", "label", "said"),
    [
        ({}, "signal", "freeze the probe, and try it on new concerts"),
        ({"low": 0.45}, "signal", "record more concerts before you rely on it, since the interval reaches guessing"),
        ({"low": np.nan}, "signal", "since the interval could not be computed"),
        ({"heterogeneity_pvalue": 0.01, "n_videos_above_half": 5}, "heterogeneous", "result.auc_by_group"),
        ({"auc": 0.55}, "weak", "do not build on it"),
        ({"beyond_confounds_pvalue": 0.5}, "confounded", "clips whose labels do not differ in seconds"),
        ({"any_signal_pvalue": 0.5}, "no signal", "do not build on these features"),
        ({"any_signal_pvalue": 0.5, "power": 0.3}, "underpowered", "record more concerts, and do not conclude"),
        (
            {"any_signal_pvalue": 0.5, "power": 0.3, "videos_needed": ((0.7, 19),)},
            "underpowered", "about 19 concerts in all",
        ),
        (LEAK, "invalid design", "the same conditions, alike in seconds, or compare clips within one condition"),
        ({"n_videos": 3}, "invalid design", "more concerts that hold both labels; priosig.plan says how many"),
        ({"n_sets": 3} | LEAK, "invalid design", "both under the same conditions, alike in seconds"),
    ],
)  # fmt: skip
def test_every_verdict_ends_with_what_to_do(changed, label, said):
    evidence = lasting(**changed)
    verdict = decide(evidence, Rule())
    assert verdict.label == label
    assert said in what_to_do(verdict, evidence, Rule())


def test_what_to_do_is_the_last_that_is_shown(planted):
    assert repr(planted).splitlines()[-1].startswith("What to do: ")
