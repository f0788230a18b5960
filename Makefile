# make demo   first run and report on embedded digits       make test      lint, types, tests
# make docs   pages into build/docs, lessons run     make results NAME=EXPERIMENT   record an experiment's figures
# make torture   kills, full disks, poison, random input, for hours: figures of docs/reliability.md
# make bench  speed beside other libraries, measured here; NAME=dense measures one subject
# PIP_ARGS passes options to pip, for example PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"

PYTHON ?= python3
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
SEEDS ?= 3
TORTURES := kill disk same load poison pictures fuzz compose
BENCH := .venv-bench
BENCH_ARGS ?=
PEERS := pythae==0.1.2 autoencoders==0.6.8
PEERS_NEED := cloudpickle imageio 'pydantic>=2' pyyaml tqdm
SUBJECTS := dense convolutional share speedups applying decoding memory start

.PHONY: demo test docs results bench torture clean

demo: $(VENV)/.installed
	$(BIN)/narrows run quickstart

test: $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses auto --dist worksteal

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --builder html docs build/docs

results: $(VENV)/.installed
	$(BIN)/python docs/record.py $(NAME) --seeds $(SEEDS)
	$(BIN)/python docs/reports.py

torture: $(VENV)/.installed-test
	failed=""; \
	for name in $(or $(NAME),$(TORTURES)); do $(BIN)/python -m torture.$$name || failed="$$failed $$name"; done; \
	$(BIN)/python docs/reliability.py; \
	test -z "$$failed" || { echo "broken:$$failed"; exit 1; }

bench: $(BENCH)/.installed
	set -e; for subject in $(or $(NAME),$(SUBJECTS)); do $(BENCH)/bin/python benchmarks/$$subject.py $(BENCH_ARGS); done
	$(BENCH)/bin/python docs/benchmarks.py

clean:
	rm -rf $(VENV) $(BENCH) build dist

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt $(PIP_ARGS) --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install --quiet --constraint constraints.txt $(PIP_ARGS) --editable '.[test]'
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/pip install --quiet --constraint constraints.txt $(PIP_ARGS) --editable '.[docs]'
	touch $@

# The peers come without what they ask for: it would bring a second PyTorch, or a copy of the standard library's modules
$(BENCH)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --constraint constraints.txt $(PIP_ARGS) --editable '.[onnx]' $(PEERS_NEED)
	$(BENCH)/bin/pip install --quiet --no-deps $(PIP_ARGS) $(PEERS)
	touch $@
