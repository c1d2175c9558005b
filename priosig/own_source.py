"""This package's own source as part of a key: a changed formula must find no old result.

Embeddings take hours, so what counts for them is what a module does (`code_hash`): comments, docstrings and layout
are left out, and an explanation that is mended costs nothing. Other results are quickly made again, and their keys
are quicker made of all bytes (`source_hash`).
"""

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

_HERE = Path(__file__).parent


def own_modules() -> tuple[str, ...]:
    """Names of all modules of this package, sorted."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.py")))


@functools.cache
def source_hash(*modules: str) -> str:
    """Hash of the bytes of some of this package's modules: 64 hexadecimal digits."""
    return _hash((module, _read(module)) for module in modules)


@functools.cache
def code_hash(*modules: str) -> str:
    """Hash of what some of this package's modules do (`code_alone`): 64 hexadecimal digits."""
    return _hash((module, code_alone(_read(module))) for module in modules)


def _read(module: str) -> str:
    return (_HERE / f"{module}.py").read_text(encoding="utf-8")


def _hash(named: Iterable[tuple[str, str]]) -> str:
    digest = hashlib.blake2b(digest_size=32)
    for name, text in named:
        digest.update(f"{name} {len(text)} {text}".encode())
    return digest.hexdigest()


def code_alone(source: str) -> str:
    """Python source without comments, docstrings and layout.

    Examples
    --------
    >>> code_alone('def f(x):\\n    "Doubles."\\n    return 2*x  # twice')
    'def f(x):\\n    return 2 * x'
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [statement for statement in node.body if not _is_text(statement)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a text alone, which does nothing."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
