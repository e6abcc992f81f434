# Two commands do all the set-up on a fresh machine: make demo, make test.
# Needs git, make, a C compiler and Python 3.11 to 3.13.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] && echo env || echo sudo -n env) DEBIAN_FRONTEND=noninteractive
FULL_COVERAGE := src/kambin/core/*,src/kambin/frames/*,src/kambin/imaging/*

.PHONY: demo test browser lint bench atlas docs clean lock install

install: $(STAMP)

# The lock is whole, so pip resolves nothing: an old one would look past the lock for coverage[toml] when its next
# version is out. That the parts fit each other is checked after.
$(STAMP): requirements.lock requirements-data.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Kambin needs Python 3.11 to 3.13 with venv: install it, or call make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-data.lock
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/kambin demo -o demo
	@echo "To call kambin yourself: . $(BIN)/activate"

# Two workers share the cores: no thread may keep one busy only to wait for its next piece of work.
test: export OMP_WAIT_POLICY = passive
test: export OPENBLAS_NUM_THREADS = 1
test: $(STAMP) browser
	rm -f .coverage .coverage.*
	COVERAGE_FILE=.coverage.jit $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --cov --cov-report= tests
	COVERAGE_FILE=.coverage.nojit NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m kernels --cov --cov-report= tests/unit/imaging
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --include='$(FULL_COVERAGE)' --fail-under=100
	$(BIN)/coverage report --skip-covered --fail-under=90

# The workstation's tests drive Chromium. It is installed where that may be done without asking; elsewhere they skip.
browser: $(STAMP)
	@$(BIN)/python -m tests.browser || ! command -v apt-get >/dev/null || ! $(AS_ROOT) true 2>/dev/null \
		|| { $(AS_ROOT) apt-get -q update && $(AS_ROOT) apt-get -q -y install --no-install-recommends chromium; } \
		|| echo "Chromium could not be installed: tests of the workstation in a browser are skipped."

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell src tests docs benchmarks README.md CONTRIBUTING.md CHANGELOG.md
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	$(BIN)/deptry src
	$(BIN)/vulture
	$(BIN)/python docs/generate.py --check

bench: $(STAMP)
	$(BIN)/python -m benchmarks.run

# Hours on two cores; what was answered is kept, and it goes on where it was stopped.
atlas: $(STAMP)
	$(BIN)/python -m benchmarks.herniation_atlas --behind --jobs $(JOBS) --docs
	$(BIN)/python docs/figures/herniation_atlas.py

docs: $(STAMP)
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/figures/phantom_gallery.py
	$(BIN)/python docs/figures/foramen_waist.py
	$(BIN)/python docs/figures/completion_parts.py
	$(BIN)/python docs/figures/real_patients.py
	$(BIN)/python docs/figures/herniation_classes.py
	$(BIN)/python docs/figures/reach_map.py
	$(BIN)/python docs/figures/search_cost.py
	$(BIN)/python docs/figures/planned_patients.py
	$(BIN)/python docs/figures/herniation_atlas.py
	$(BIN)/python docs/figures/approaches.py
	$(BIN)/python docs/figures/readme_picture.py
	$(BIN)/python docs/figures/workstation.py

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--extra all --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build dist demo site htmlcov .coverage .coverage.* benchmarks/out \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
