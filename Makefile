# make chat: from a clean checkout to an answered objection.  make test: set-up and all tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: chat demo bot test lint eval bench train clean

chat: $(STAMP)
	$(BIN)/coach chat

demo: $(STAMP)
	$(BIN)/coach demo

bot: $(STAMP)
	$(BIN)/coach bot

test: $(STAMP)
	$(BIN)/python -m ruff check assistant evals tests training
	$(BIN)/coach lint
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/coach lint

eval: $(STAMP)
	$(BIN)/python -m evals.run

train: $(STAMP)
	$(BIN)/pip install -e '.[train]' -c constraints.txt
	$(BIN)/python -m training.train $(if $(BASE),--base $(BASE))

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo '需要 Python 3.11 或更新，例如：make chat PYTHON=python3.11'; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -e '.[dev]' -c constraints.txt
	touch $(STAMP)

clean:
	rm -rf $(VENV) data
