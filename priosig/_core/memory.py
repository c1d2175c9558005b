"""Too little memory: refused where it can be foreseen, otherwise explained in one sentence."""

import re
import sys

# The loader that maps a library (ImportError), torch's allocator and the start of a thread (RuntimeError), files that
# are mapped (OSError 12, safetensors).
_WORDS = re.compile(r"failed to map segment|allocate memory|can't start new thread|out of memory", re.IGNORECASE)

_LEAST = 4e9  # bytes; torch and what comes with it map 3.3 GB


def want_of_memory(error: BaseException) -> str | None:
    """A sentence on an error that is for want of memory; None for any other error."""
    if not isinstance(error, MemoryError) and not _WORDS.search(str(error)):
        return None
    why = str(error).partition("\n")[0][:200] or type(error).__name__
    return (
        f"out of memory ({why}); expected some 5 GB of address space for a run that hears audio: close other "
        "programs or raise the limit (ulimit -v); what was computed is in the cache"
    )


def check_address_space() -> None:
    """Raise a ValueError at a limit in which torch cannot be imported: its import fails, or spins for ever."""
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _LEAST:
        raise ValueError(
            f"address space is limited to {limit / 1e9:.1f} GB; expected at least {_LEAST / 1e9:.0f} GB for a run "
            "that hears audio: raise the limit (ulimit -v)"
        )
