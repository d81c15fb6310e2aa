# Thin on purpose: every target is one command that also works without make (README.md).
export UV_PYTHON_DOWNLOADS ?= automatic
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)

.PHONY: help demo test check bench lock
help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(abspath .tools/bin/uv) .tools/bin/uv: # uv in a folder of its own: a system Python refuses `pip install`
	@python3 -m venv .tools || { echo "Cannot make .tools: install python3-venv (apt-get install python3-venv) or uv." >&2; rm -rf .tools; exit 1; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

demo: $(UV) ## a small university on this machine: prints the address and the log-ins
	@$(UV) run baqylau demo $(ARGS)

test: $(UV) ## all tests; what needs an absent component skips and says so
	@$(UV) run pytest $(ARGS)

check: $(UV) ## lint, types, import rules
	@$(UV) run ruff check .
	@$(UV) run ruff format --check .
	@$(UV) run mypy
	@$(UV) run lint-imports

bench: $(UV) ## the benchmarks, quick
	@for name in capture analysis acts detection_quality exam_load; do $(UV) run python -m benchmarks.$$name --json --quick || exit 1; done

lock: $(UV) ## refresh the exact pins in pyproject.toml and requirements.txt
	@$(UV) run --no-project python .ci/lock.py $(UV)
