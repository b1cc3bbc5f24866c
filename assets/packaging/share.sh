#!/usr/bin/env bash
# Manual pages and completions, written by the program itself. Usage: share.sh [PROGRAM [FOLDER]]
set -euo pipefail
cd "$(dirname "$0")/../.."
release="${CARGO_TARGET_DIR:-target}/release"
program="${1:-$release/nearmiss}"
out="${2:-$release/share}"
rm -rf "$out"
mkdir -p "$out"
"$program" help --man "$out/man" 2>/dev/null
gzip -9n "$out"/man/*.1
"$program" help --completions bash >"$out/nearmiss.bash"
"$program" help --completions zsh >"$out/_nearmiss"
"$program" help --completions fish >"$out/nearmiss.fish"
