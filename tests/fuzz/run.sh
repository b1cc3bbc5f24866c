#!/usr/bin/env bash
# Fuzzes one reader, or all: tests/fuzz/run.sh TARGET|all SECONDS [libFuzzer's options]. Needs g++ and the compiler that
# builds nearmiss, no nightly. What is found lies in tests/fuzz/artifacts/TARGET, inputs that reach new code in
# tests/fuzz/corpus/TARGET. One case again: tests/fuzz/run.sh TARGET 0 FILE.
set -euo pipefail
cd "$(dirname "$0")"
targets=(npy safetensors parquet tar captions_json captions_csv preprocessor tokenizer onnx)
target="${1:-}" seconds="${2:-}"
case " ${targets[*]} all " in
    *" $target "*) [ -n "$seconds" ] || target= ;;
    *) target= ;;
esac
if [ -z "$target" ]; then
    echo "usage: tests/fuzz/run.sh TARGET|all SECONDS; targets: ${targets[*]}" >&2
    exit 2
fi
shift 2
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/nearmiss/target}"
RUSTC_WRAPPER="$PWD/rustc.sh" cargo build --release --bins
# Readers take paths: their files lie in memory where the system has such a place.
home="${TMPDIR:-/tmp}"
[ ! -d /dev/shm ] || home=/dev/shm
scratch="$(mktemp -d "$home/nearmiss-fuzz.XXXXXX")"
trap 'rm -rf "$scratch"' EXIT
mkdir -m 700 "$scratch/runtime"
export XDG_RUNTIME_DIR="$scratch/runtime" NEARMISS_DATA="$scratch/data" NEARMISS_CACHE="$scratch/cache"
[ "$target" = all ] || targets=("$target")
status=0
for target in "${targets[@]}"; do
    program="$CARGO_TARGET_DIR/release/$target"
    mkdir -p "corpus/$target" "artifacts/$target" "$scratch/$target"
    export NEARMISS_FUZZ_FOLDER="$scratch/files-$target"
    NEARMISS_FUZZ_SEEDS="$scratch/$target" "$program"
    if [ "$seconds" = 0 ]; then
        "$program" -timeout=10 -rss_limit_mb=2048 "$@"
        continue
    fi
    options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1
        -artifact_prefix="artifacts/$target/")
    [ ! -f "dictionaries/$target.dict" ] || options+=(-dict="dictionaries/$target.dict")
    "$program" "${options[@]}" "$@" "corpus/$target" "$scratch/$target" || status=1
done
exit "$status"
