#!/usr/bin/env bash
# The Python module's tests. Usage: run.sh PYTHON [PROGRAM]: with a program, the module of this checkout and that program are
# tested; without, the package that is installed in that Python.
set -euo pipefail
cd "$(dirname "$0")/../.."
python="$1"
if [ "$#" -gt 1 ]; then
    NEARMISS_BIN="$(realpath "$2")"
    export NEARMISS_BIN PYTHONPATH="$PWD/assets/packaging/python"
fi
"$python" -m pytest -q -p no:cacheprovider tests/python
