"""One glossary: the report, docs/glossary.md and the README say the same, and no term is used before its own."""

import re
from typing import get_args

from priosig.confounds.registry import CONFOUNDS
from priosig.experiment.views import VIEW_KINDS
from priosig.report.glossary import TERMS, VERDICTS, glossary, markdown
from priosig.verdict.decide import Label
from priosig.verdict.rule import Rule
from tests.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(header: str) -> list[tuple[str, ...]]:
    """Rows of the README's table with this header."""
    lines = README[README.index(f"| {header} |") :].splitlines()[2:]
    rows = lines[: next(k for k, line in enumerate(lines) if not line.startswith("|"))]
    return [tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in rows]


def test_no_term_is_used_before_its_own():
    entries = glossary()
    for k, entry in enumerate(entries):
        for later in entries[k + 1 :]:
            for term in later.term.split(", "):
                flags = 0 if term == "p" else re.IGNORECASE
                assert not re.search(rf"\b{term}s?\b", entry.sentence, flags), f"{entry.term} uses {term}"


def test_every_verdict_is_explained():
    assert set(VERDICTS) == set(get_args(Label))


def test_the_page_of_docs_is_the_glossary():
    assert (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8") == markdown()


def test_the_readme_explains_its_terms_in_the_words_and_in_the_order_of_the_glossary():
    rows = table("term | meaning")
    assert [(term, meaning) for term, meaning in TERMS.items() if term in dict(rows)] == rows
    assert {"AUC within video", "T1", "T2", "p", "Interval", "Confound", "Power"} <= set(dict(rows))


def test_the_readme_lists_all_verdicts():
    assert table("verdict | when") == list(VERDICTS.items())


def test_the_readme_lists_all_confounds_by_role():
    roles = {"artefacts": "artefact", "acoustic": "acoustic"}
    rows = table("confounds | measured")
    assert [roles[start.partition(":")[0]] for start, _ in rows] == sorted({c.role for c in CONFOUNDS.values()})[::-1]
    for start, listed in rows:
        role = roles[start.partition(":")[0]]
        assert listed == ", ".join(f"{c.words} ({c.unit})" for c in CONFOUNDS.values() if c.role == role)


def test_the_readme_lists_all_views():
    listed = ", ".join(f"*{kind.name}* ({kind.words})" for kind in VIEW_KINDS.values())
    assert f"one way to cut the windows: {listed}." in " ".join(README.split())


def test_the_readme_has_the_numbers_of_the_rule():
    rule, text = Rule(), " ".join(README.split())
    assert (
        f"The rule needs {rule.min_videos} videos with both labels and {rule.min_sets} sets; artefacts that alone "
        f"stay below AUC {rule.confound_bar:.2f} or have a p above {rule.alpha:g}; p of {rule.alpha:g} or less in "
        f"T1, then in T2; an AUC of {rule.threshold:.2f} (the bar); and for *no signal* a power of "
        f"{rule.min_power:.0%}."
    ) in text
