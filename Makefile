# `make check` is exactly what CI runs.
.PHONY: check lint types contracts test fix

check: lint types contracts test

lint:
	ruff check .
	ruff format --check .

types:
	mypy

contracts:
	lint-imports

# The command stands in README.md alone, so that it cannot differ from what is promised there.
test:
	sh -c "$$(awk '/^## Tests/ {here=1} here && /^```/ {if (block) exit; block=1; next} block' README.md)"

fix:
	ruff check --fix .
	ruff format .
