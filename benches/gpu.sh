#!/usr/bin/env bash
# What the program does on a graphics processor, in under eight minutes. Builds nothing.
#
#   benches/gpu.sh [--small] [--binary BIN] [--tests TESTS] [--out DIR]
#
# BIN is the program (default: nearmiss beside the other release builds), TESTS the built integration tests
# (target/release/deps/nearmiss-*, from "cargo test --release --no-run"): with them the engines are compared on awkward
# inputs too, and the window is drawn. --small is for a software adapter: little work, and more time for it. Each step has its own
# time limit, and one that fails does not stop the others; the script then ends with 1. DIR gets a file for each step.
set -uo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
binary="${CARGO_TARGET_DIR:-$here/../target}/release/nearmiss"
tests="" out="" small=""
while [ $# -gt 0 ]; do
    case "$1" in
        --small) small=1; shift ;;
        --binary | --tests | --out)
            [ $# -gt 1 ] || { echo "gpu.sh: $1 needs a value" >&2; exit 2; }
            declare "${1#--}=$2"; shift 2 ;;
        *) echo "gpu.sh: what is $1?" >&2; exit 2 ;;
    esac
done
[ -x "$binary" ] || { echo "gpu.sh: $binary is not there: cargo build --release, or --binary PATH" >&2; exit 2; }
[ -z "$tests" ] || [ -x "$tests" ] || { echo "gpu.sh: $tests is not there" >&2; exit 2; }
out="${out:-$(mktemp -d)}"
mkdir -p "$out" || exit 2

failed=0
# step NAME SECONDS COMMAND...: what it prints goes to $out/NAME, its errors to $out/NAME.err.
step() {
    local name="$1" limit="$2" start=$SECONDS rc=0
    shift 2
    timeout "$limit" "$@" >"$out/$name" 2>"$out/$name.err" || rc=$?
    case $rc in
        0) echo "$name: $((SECONDS - start)) s" ;;
        124) echo "$name: stopped after $limit s"; failed=1 ;;
        *) echo "$name: failed ($rc): $(tail -n 1 "$out/$name.err")"; failed=1 ;;
    esac
}

# Times how long a step may take: a software adapter may be shared with much else.
more=1
[ -z "$small" ] || more=8
step doctor.json $((20 * more)) "$binary" doctor --json
if [ -n "$small" ]; then
    step kernels.json $((90 * more)) "$binary" bench kernels --size small --repeat 1 --json
    sizes=(--size 300x1500x64 --turns 1) frames=20
else
    step kernels.json 90 "$binary" bench kernels --size full --json
    sizes=(--size 5000x25000x1024 100000x500000x512 --turns 2) frames=300
fi
if python3 -c 'import numpy' 2>/dev/null; then
    step rank.json 200 python3 "$here/compare_rank_gpu.py" --nearmiss "$binary" "${sizes[@]}"
else
    echo "rank.json: left out, Python has no numpy"
fi
if [ -n "$tests" ]; then
    # Reference values of these tests are computed on the CPU, and the display is none.
    [ -n "$small" ] || step engines.txt 90 "$tests" compute:: perturb:: spectrum::
    step window.txt $((60 * more)) env "NEARMISS_FRAMES=$frames" "$tests" window::frames --nocapture
    grep -h '^frames of' "$out/window.txt"
else
    echo "engines.txt, window.txt: left out, no --tests"
fi
echo "written to $out"
exit $failed
