.DEFAULT_GOAL := help
PY := .venv/bin/python

help: ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

.venv: uv.lock requirements.lock pyproject.toml ## the virtual environment, from the locked set
	@sh dev/venv.sh

demo: .venv ## four articles, seven fake networks, no account needed
	@.venv/bin/publisher demo

up: .venv ## run web and worker on this machine
	@.venv/bin/publisher up

test: .venv ## every test, on real parts
	@$(PY) -m pytest

check: .venv ## format, lint, types, import rules, lock files
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports

bench: .venv ## the benchmarks, as ratios of one run
	@$(PY) -m bench

lock: ## renew uv.lock and the hashed sets for pip and the image (needs uv)
	@uv lock
	@uv export --quiet --no-header --no-emit-project --all-extras --group dev --format requirements-txt -o requirements.lock
	@uv export --quiet --no-header --no-emit-project --extra postgres --no-dev --group build --format requirements-txt -o requirements-run.lock

.PHONY: help demo up test check bench lock
