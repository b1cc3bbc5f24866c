#!/usr/bin/env bash
# Cargo's RUSTC_WRAPPER: gives coverage for libFuzzer to the crates that are fuzzed and to no others, which stay as the
# program's own build made them.
compiler="$1"
shift
name=
previous=
for argument in "$@"; do
    [ "$previous" != --crate-name ] || name="$argument"
    previous="$argument"
done
case "$name" in
    nearmiss | nearmiss_grad | parquet | tokenizers | npyz | safetensors | csv | csv_core)
        set -- "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
            -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
            -Cllvm-args=-sanitizer-coverage-trace-compares
        ;;
esac
exec "$compiler" "$@"
