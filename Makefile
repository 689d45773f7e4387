# `make demo` and `make test` need only Python 3.11+; both start from `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
HF_STAMP := $(VENV)/.installed-hf
BENCH_STAMP := $(VENV)/.installed-bench
# The tests compare with transformers on a CPU. The default index's torch for Linux brings CUDA along;
# PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu makes the same version small.
TORCH ?= torch==2.13.0
DEMO_DIR ?= runs/demo

.PHONY: help setup demo test test-slow soak fidelity bench-quick bench-env lint clean

help:
	@echo "make setup      virtual environment and install (once)"
	@echo "make demo       the three stages in the embedded world -> $(DEMO_DIR)/report.html"
	@echo "make test       the test suite (under 15 minutes on 2 cores)"
	@echo "make test-slow  the slow tests too"
	@echo "make bench-quick  the benchmarks against their peers, small (installs torch and trl)"
	@echo "make soak       a million random ticks in all families, looking for broken invariants"
	@echo "make fidelity   the world's rules measured against Minecraft's published numbers"
	@echo "make bench-env  the embedded world against Craftax, Crafter and ViZDoom (installs them)"
	@echo "make lint       ruff"

setup: $(STAMP)

$(STAMP): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python %d.%d: cross_jax needs 3.11 or newer; give one with make PYTHON=python3.11" % v[:2])'
	@test -x $(BIN)/pip || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); } || { \
	  echo "no virtual environment: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(STAMP)

$(HF_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[hf]' '$(TORCH)'
	@touch $(HF_STAMP)

demo: setup
	$(BIN)/python experiments/main.py --config experiments/configs/demo.py --workdir $(DEMO_DIR)

test: setup $(HF_STAMP)
	$(BIN)/python -m pytest -m "not slow" -n 2

test-slow: setup $(HF_STAMP)
	$(BIN)/python -m pytest -n 2

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]' '$(TORCH)'
	@touch $(BENCH_STAMP)

bench-quick: setup $(BENCH_STAMP)
	$(BIN)/python -m benchmarks.sft_step --quick
	$(BIN)/python -m benchmarks.generate --quick
	$(BIN)/python -m benchmarks.grpo_step --quick

soak: setup
	$(BIN)/python -m cross_jax.envs.voxel.soak --ticks 1000000

fidelity: setup
	$(BIN)/python -m cross_jax.envs.voxel.fidelity

bench-env: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench-env]'
	$(BIN)/python -m benchmarks.env --quick

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf $(VENV) runs .pytest_cache .ruff_cache build *.egg-info
