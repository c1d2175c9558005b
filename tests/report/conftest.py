"""A sound is encoded once, however many pages it stands on."""

import functools

import pytest

from priosig.report import listen


@pytest.fixture(autouse=True, scope="session")
def sounds_kept():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listen, "make_clip", functools.cache(listen.make_clip))
        yield
