# `make validation` and `make test` are all that most people type. The first call installs the environment.
PYTHON ?= python3
PYTEST := .venv/bin/pytest

# Bytecode is kept, also where the variable is set, as container images do: without it every process compiles priosig
# and rewrites the asserts of all tests again, 3 s each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: validation test check slow picture lock

validation: .venv/installed   ## the whole experiment on the embedded worlds
	$(PYTEST) validation

test: .venv/installed         ## unit checks
	$(PYTEST) tests -n logical --dist worksteal

check: .venv/installed        ## linter, import contracts, types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/mypy

slow: .venv/installed         ## full-size model, browser, cluster, fuzzing, wheel, many formats
	$(PYTEST) validation tests -m "slow or hypothesis" --hypothesis-profile=thorough

picture: .venv/installed      ## the first screen of a report, for the README
	.venv/bin/priosig demo signal_in_bouts
	chromium --headless --no-sandbox --hide-scrollbars --window-size=1100,1090 --screenshot=docs/report.png \
	    file://$(CURDIR)/.priosig/report/signal_in_bouts/index.html

lock:                         ## pin every version again, with hashes
	.venv/bin/uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --quiet --output-file requirements.lock

.venv/installed: requirements.lock pyproject.toml setup.py
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet uv==0.13.9
	.venv/bin/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	.venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
	touch $@
