"""Optional packages: the message where one is missing, and the versions of those that are installed.

The core (annotations, statistics, verdict, report) needs none of them. What hears recordings comes with the extra
`muq` of pyproject.toml, what draws a result with `plot`.
"""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec


def need(module: str, purpose: str, extra: str = "muq") -> None:
    """Refuse to go on without a package of an extra. `purpose` needs it, and begins the sentence that says so.

    Examples
    --------
    >>> need("no_such_module", "reading recordings")
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: reading recordings needs no_such_module: pip install 'priosig[muq]'
    """
    if find_spec(module) is None:
        raise ModuleNotFoundError(f"{purpose} needs {module}: pip install 'priosig[{extra}]'", name=module)


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of the packages that are installed, in the order given; the others are left out."""
    versions = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
