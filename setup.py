"""The packages of a wheel: those of priosig, and the small MuQ and its heads, which lie beside it in a checkout."""

from setuptools import find_packages, setup

FIXTURES = {f"priosig.fixtures.{name}": f"fixtures/{name}" for name in ("muq_small", "checkpoints")}

setup(packages=[*find_packages(include=["priosig*"]), *FIXTURES], package_dir=FIXTURES)
