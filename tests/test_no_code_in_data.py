"""Nothing that is read is run: no eval, no pickle, no shell, anywhere in what is installed or in the suite."""

import ast

import pytest

from tests.paths import ROOT

MODULES = sorted(
    path.relative_to(ROOT)
    for directory in ("priosig", "validation", "benchmarks", "fixtures")
    for path in (ROOT / directory).rglob("*.py")
)
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "np.load", "joblib.load"}
IMPORTS = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "code", "runpy"}


def refused(tree: ast.AST) -> list[str]:
    """What in a module could run what it was given."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            names += [module for module in modules if module.partition(".")[0] in IMPORTS]
        elif isinstance(node, ast.Call):
            name, given = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
            unsafe_load = name.endswith("torch.load") and given.get("weights_only") != "True"
            unsafe_load |= name == "yaml.load" and "SafeLoader" not in given.get("Loader", "")
            if name in CALLS or unsafe_load or given.get("shell") == "True" or "allow_pickle" in given:
                names.append(name)
    return names


def test_no_module_runs_what_it_reads():
    trees = {str(module): ast.parse((ROOT / module).read_text(encoding="utf-8")) for module in MODULES}
    assert {module: names for module, tree in trees.items() if (names := refused(tree))} == {}


UNSAFE = """
eval('1')
import pickle
from pickle import loads
torch.load(path)
torch.load(path, weights_only=False)
np.load(path, allow_pickle=True)
yaml.load(text)
os.system('ls')
subprocess.run('ls', shell=True)
"""


@pytest.mark.parametrize("source", UNSAFE.strip().split("\n"))
def test_what_would_be_refused(source):
    assert refused(ast.parse(source))


def test_modules_are_found():
    assert len(MODULES) > 100
