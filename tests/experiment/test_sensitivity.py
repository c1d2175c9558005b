"""Which choices are tried, around settings and in the view that conclusions are drawn from."""

from types import SimpleNamespace

import pytest

from priosig.experiment.sensitivity import GUARD_FACTORS, LENGTH_FACTORS, NEAREST, choices
from priosig.experiment.settings import Settings
from priosig.experiment.views import VIEW_KINDS
from priosig.report.sensitivity import name_of

SETTINGS = Settings()
ANNOTATIONS = SimpleNamespace(corpus=SimpleNamespace(settings=SETTINGS))


@pytest.mark.parametrize("base", VIEW_KINDS)
def test_the_experiments_own_choice_is_first_and_every_other_differs_in_one_thing(base: str):
    own, *others = choices(ANNOTATIONS, base)
    assert (own.varied, own.view, own.guard, own.C) == ("none", base, SETTINGS.guard, SETTINGS.C)
    assert len({own, *others}) == 1 + len(others)
    for choice in others:
        fields = ("min_continue_duration", "C", "guard", "nearest", "pooling")
        changed = [name for name in fields if getattr(choice, name) != getattr(own, name)]
        elsewhere = (choice.view, choice.length) != (own.view, own.length)
        assert len(changed) + elsewhere == 1, choice
        assert name_of(choice)


def test_bouts_vary_their_controls_and_length_and_no_continue_segment():
    tried = list(choices(ANNOTATIONS, "bouts"))
    assert [choice.nearest for choice in tried if choice.varied == "controls"] == [NEAREST]
    assert not any(choice.varied == "shortest CONTINUE" for choice in tried)
    lengths = {choice.length for choice in tried if choice.view == "bouts"}
    assert lengths == {factor * SETTINGS.equal_length for factor in LENGTH_FACTORS}
    guards = {choice.guard for choice in tried}
    assert guards == {factor * SETTINGS.guard for factor in GUARD_FACTORS}


def test_a_view_without_a_guard_does_not_vary_it():
    assert not any(choice.varied == "guard" for choice in choices(ANNOTATIONS, "equal"))
