# The environment is .venv in this checkout; every target makes it if it isn't there.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo test test-exhaustive faults check bench services docs site screens pictures format clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "synsift needs Python 3.11 or newer; say which: make PYTHON=python3.12 install" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	@# Built by a C++ compiler where there is no wheel of it; without, the tests of PDQ hashes are skipped.
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[hashes]' 2>/dev/null || \
	  echo "pdqhash can't be built here (it needs a C++ compiler): PDQ hashes can't be made" >&2
	@touch $@

demo: $(STAMP)
	$(BIN)/synsift demo

test: $(STAMP)
	$(BIN)/python tools/run_tests.py

# More of what other tests show once: further seeds and inputs.
test-exhaustive: $(STAMP)
	$(BIN)/python -m pytest -m exhaustive tests

# Rounds of faults, a kind after the other (docs/fleet.md lists them); SEED=N repeats them, FAULT=KIND plays one kind.
ROUNDS ?= 25
faults: $(STAMP)
	$(BIN)/python -m tests.faults --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) $(if $(FAULT),--fault $(FAULT))

check: $(STAMP)
	@$(BIN)/ruff format --check . || { echo "hint: make format" >&2; exit 1; }
	@$(BIN)/ruff check . || { echo "hint: make format mends some of it" >&2; exit 1; }
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Generated pages: JSON Schemas and the reference of configuration and commands.
docs: $(STAMP)
	$(BIN)/python tools/make_docs.py

# The site of the documentation, in build/site; it is built without a network.
site: $(STAMP) docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "build/site/index.html"

# What commands look like, as tests compare it; and the pictures of the docs (needs Chromium). Look at the difference.
screens: $(STAMP)
	$(BIN)/python -m tests.screens

pictures: $(STAMP)
	$(BIN)/python tools/make_pictures.py

# PHOTOS is a folder of JPEG photographs, PEER a Python that has img2dataset installed.
PHOTOS ?= ../shared/data/photos
bench: $(STAMP)
	$(BIN)/python benchmarks/pipeline.py --photos $(PHOTOS) $(if $(PEER),--peer $(PEER))

# A Kafka broker and an S3 server on loopback, for a person; Ctrl-C stops them.
services: $(STAMP)
	$(BIN)/python deploy/local/services.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
