#!/usr/bin/env bash
# Runs the tests and fetches what they need: a software graphics driver, a virtual display, an ONNX Runtime library.
# Arguments go to `cargo test`; after `--` to the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'run.sh: %s\n' "$*" >&2; }

python_can_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

# --- Packages of the system -----------------------------------------------------------------------------------------
packages=(mesa-vulkan-drivers libvulkan1 xvfb libxkbcommon-x11-0 libxcursor1 libxi6 libxrandr2)
install_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        if [ "$(uname -s)" = Linux ] && ! command -v Xvfb >/dev/null; then
            say "not a Debian system; the tests of the window need a display and a Vulkan driver." \
                "Fedora: dnf install mesa-vulkan-drivers vulkan-loader xorg-x11-server-Xvfb libxkbcommon-x11" \
                "Arch: pacman -S vulkan-swrast vulkan-icd-loader xorg-server-xvfb libxkbcommon-x11"
        fi
        return 0
    fi
    if [ -z "${ORT_DYLIB_PATH:-}" ] && ! python_can_venv; then packages+=(python3 python3-venv); fi
    local missing=() package
    for package in "${packages[@]}"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" != installed ]; then
            missing+=("$package")
        fi
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            say "no rights to install packages; as root: apt-get install -y ${missing[*]}"
            return 0
        fi
        as_root=(sudo -n)
    fi
    say "installing ${missing[*]}"
    local get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    "${get[@]}" update >/dev/null && "${get[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null ||
        say "could not install them; going on without"
}
install_packages

# --- An ONNX Runtime library ----------------------------------------------------------------------------------------
tools="${XDG_CACHE_HOME:-$HOME/.cache}/nearmiss/python"
find_library() {
    [ -d "$1" ] || return 0
    find "$1" -path '*onnxruntime/capi/*' \( -name 'libonnxruntime.so*' -o -name 'libonnxruntime*.dylib' \) \
        2>/dev/null | sort | head -n 1
}
# A virtual environment; where Python has no `ensurepip`, the wheel alone, unpacked.
fetch_library() {
    mkdir -p "$(dirname "$tools")"
    local part="$tools.part.$$"
    if python_can_venv && python3 -m venv "$part" &&
        "$part/bin/python" -m pip install --quiet --disable-pip-version-check onnxruntime numpy; then
        :
    else
        rm -rf "$part"
        mkdir -p "$part"
        python3 -m pip download --quiet --no-deps --dest "$part" onnxruntime &&
            python3 -m zipfile -e "$part"/onnxruntime-*.whl "$part" || { rm -rf "$part"; return 1; }
    fi
    rm -rf "$tools"
    mv "$part" "$tools"
}
if [ -n "${ORT_DYLIB_PATH:-}" ]; then
    say "ONNX Runtime: $ORT_DYLIB_PATH (as set)"
else
    library="$(find_library "$tools")"
    if [ -z "$library" ] && command -v python3 >/dev/null; then
        say "fetching ONNX Runtime into $tools"
        fetch_library >&2 || true
        library="$(find_library "$tools")"
    fi
    if [ -n "$library" ]; then
        export ORT_DYLIB_PATH="$library"
        say "ONNX Runtime: $library"
    else
        say "no ONNX Runtime library could be had; going on with the built-in engine"
    fi
fi

# --- An S3 server, for the tests of object storage -------------------------------------------------------------------
server="${NEARMISS_S3_SERVER:-${XDG_CACHE_HOME:-$HOME/.cache}/nearmiss/s3/bin/s3s-fs}"
if [ ! -x "$server" ] && [ "$#" = 0 ]; then
    say "building an S3 server into ${server%/bin/*}"
    timeout 1200 cargo install --quiet s3s-fs --version 0.14.1 --features binary --debug --root "${server%/bin/*}" \
        --target-dir "${server%/bin/*}/target" >&2 || say "it could not be built: tests of object storage are left out"
    rm -rf "${server%/bin/*}/target"
fi
if [ -x "$server" ]; then export NEARMISS_S3_SERVER="$server"; fi

# --- Folders and a display of their own -----------------------------------------------------------------------------
scratch="$(mktemp -d)"
display_pid=
cleanup() {
    if [ -n "$display_pid" ]; then kill "$display_pid" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap cleanup EXIT
mkdir -m 700 "$scratch/runtime"
mkdir "$scratch/data" "$scratch/cache"
export XDG_RUNTIME_DIR="$scratch/runtime" NEARMISS_DATA="$scratch/data" NEARMISS_CACHE="$scratch/cache"

if command -v Xvfb >/dev/null; then
    Xvfb -displayfd 5 -screen 0 1600x1000x24 -nolisten tcp 5>"$scratch/display" 2>"$scratch/xvfb.log" &
    display_pid=$!
    for _ in $(seq 100); do
        [ ! -s "$scratch/display" ] || break
        sleep 0.1
    done
    if [ -s "$scratch/display" ]; then
        DISPLAY=":$(tr -d '[:space:]' <"$scratch/display")"
        export DISPLAY
        unset WAYLAND_DISPLAY
    else
        say "Xvfb did not start: $(tail -n 1 "$scratch/xvfb.log")"
    fi
fi

# --- The tests ------------------------------------------------------------------------------------------------------
arguments=("$@")
if [ -n "${NEARMISS_MATERIAL:-}" ]; then
    case " $* " in
        *" -- "*) ;;
        *) arguments+=(--) ;;
    esac
    arguments+=(--include-ignored)
else
    say "NEARMISS_MATERIAL is unset: tests on real data are left out"
fi
cargo test --release "${arguments[@]}"

# --- The Python module ----------------------------------------------------------------------------------------------------
if [ "$#" = 0 ]; then
    python="$tools/bin/python"
    if [ -x "$python" ] && { "$python" -c 'import numpy, pytest' 2>/dev/null ||
        "$python" -m pip install --quiet --disable-pip-version-check numpy pytest >&2; }; then
        tests/python/run.sh "$python" "${CARGO_TARGET_DIR:-target}/release/nearmiss"
    else
        say "there is no virtual environment: the Python module's tests are left out"
    fi
fi

# --- Work in parts, on the engines that can be had here ----------------------------------------------------------------
if [ "$#" = 0 ]; then
    tests/cluster/run.sh "${CARGO_TARGET_DIR:-target}/release/nearmiss"
fi
