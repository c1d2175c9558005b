import os

from validation.harness import runs


def test_worlds_go_to_the_cache_where_the_checkout_may_not_be_written(tmp_path, monkeypatch):
    assert runs.worlds_at(str(tmp_path)) == runs.WORLDS_AT
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert runs.worlds_at(str(tmp_path)) == tmp_path / "worlds"
