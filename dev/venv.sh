#!/bin/sh
# Makes .venv from the locked set: with uv where there is one, else with the standard library's venv and pip.
set -eu
cd "$(dirname "$0")/.."
say() { printf 'publisher: %s\n' "$1" >&2; exit 1; }

if command -v uv >/dev/null 2>&1; then
    uv sync --quiet --locked --all-extras --group dev || say "uv could not make .venv; its words stand above"
    touch .venv
    exit 0
fi

python=""
for name in python3 python3.13 python3.12 python3.11 python3.14; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$name
        break
    fi
done
[ -n "$python" ] || say "Python 3.11 or newer is missing (Debian: apt install python3 python3-venv)"
"$python" -c 'import ensurepip, venv' 2>/dev/null || say "Python's venv is missing (Debian: apt install python3-venv)"

printf 'publisher: making .venv (about half a minute, once)\n' >&2
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || "$python" -m venv --clear .venv || say ".venv could not be made"
pip=".venv/bin/python -m pip --quiet --disable-pip-version-check install"
$pip --require-hashes -r requirements.lock || say "pip could not install the locked set; its words stand above"
$pip --no-deps --no-build-isolation -e . || say "pip could not install publisher itself; its words stand above"
touch .venv
