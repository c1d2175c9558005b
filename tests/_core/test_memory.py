import resource

import pytest

from priosig._core.memory import check_address_space, want_of_memory
from priosig.command.main import main


def test_too_small_an_address_space_is_refused_before_torch_is_imported(monkeypatch):
    check_address_space()
    monkeypatch.setattr(resource, "getrlimit", lambda which: (3 * 10**9, resource.RLIM_INFINITY))
    with pytest.raises(ValueError, match=r"limited to 3.0 GB; expected at least 4 GB .*ulimit -v"):
        check_address_space()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory\nframe #0"),
        OSError(12, "Cannot allocate memory"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_want_of_memory_is_one_sentence(error, monkeypatch, capsys):
    def fails() -> None:
        raise error

    monkeypatch.setattr("priosig.command.main.parser", fails)
    assert main(["audit"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("priosig: out of memory (")
    assert said.count("\n") == 1


def test_other_errors_come_through(monkeypatch):
    def fails() -> None:
        raise RuntimeError("a mistake of ours")

    assert want_of_memory(RuntimeError("a mistake of ours")) is None
    monkeypatch.setattr("priosig.command.main.parser", fails)
    with pytest.raises(RuntimeError, match="of ours"):
        main(["audit"])
