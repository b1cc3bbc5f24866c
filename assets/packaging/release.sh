#!/usr/bin/env bash
# Makes all that is released, and tries each piece where nothing else is installed: wheel, crates, Debian package, bundles,
# bill of materials, checksums. Usage: release.sh [FOLDER] (default: dist)
#
# What cannot be made or checked on this machine is listed at the end with its reason, and the exit code is 3.
# Tools: pip install maturin; cargo install cargo-deb cargo-deny cargo-packager; for the check of the Debian package as root
# apt-get install debootstrap. NEARMISS_STEPS="wheel deb" makes these steps alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
here="$PWD"
out="$(realpath -m "${1:-dist}")"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/target}"
release="$CARGO_TARGET_DIR/release"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$out"
left=()

say() { printf '\n== %s\n' "$*"; }
leave() { left+=("$*"); printf 'left out: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null; }
made() {
    printf '%s: %s bytes\n' "$1" "$(stat -c %s "$out/$1")"
}
asked() { case " ${NEARMISS_STEPS:-licences wheel crates deb bundles sums} " in *" $1 "*) ;; *) return 1 ;; esac; }
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"

# The demo, by a program in a place of its own: PROGRAM as a command and its arguments.
demo() {
    local home
    home="$(mktemp -d "$scratch/home.XXXX")"
    env -u ORT_DYLIB_PATH HOME="$home" NEARMISS_DATA="$home/data" NEARMISS_CACHE="$home/cache" \
        "$@" eval --dataset demo --encoder demo --json >"$home/eval.json"
    python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
assert report["rsum"] > 300 and report["images"] > 0, report
print("demo:", report["images"], "images, rsum", round(report["rsum"], 1))' "$home/eval.json"
}

if asked licences; then
    say "licences, sources, advisories"
    if has cargo-deny; then
        deny=(cargo deny --config assets/packaging/deny.toml check)
        "${deny[@]}" licenses bans sources
        if "${deny[@]}" advisories >"$scratch/advisories" 2>&1; then
            tail -n 1 "$scratch/advisories"
        elif grep -q 'failed to fetch advisory database' "$scratch/advisories"; then
            leave "advisories: their database cannot be fetched from here"
        else
            cat "$scratch/advisories" >&2
            exit 1
        fi
    else
        leave "licences and advisories: there is no cargo-deny"
    fi
fi

if asked wheel; then
    say "wheel"
    if has maturin; then
        start=$SECONDS
        (cd assets/packaging/python && maturin build --release --out "$scratch/wheel")
        echo "built in $((SECONDS - start)) s"
        wheel="$(basename "$scratch"/wheel/*.whl)"
        mv "$scratch/wheel/$wheel" "$out/"
        made "$wheel"
        case "$wheel" in nearmiss-"$version"-*) ;; *) echo "$wheel is not of version $version" >&2 && exit 1 ;; esac
        # The bill of materials that lies in the wheel.
        python3 - "$out/$wheel" "$out/nearmiss-$version.cyclonedx.json" <<'PYTHON'
import json, sys, zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = [name for name in wheel.namelist() if name.endswith(".cyclonedx.json")]
    bill = json.loads(wheel.read(names[0]))
assert bill["bomFormat"] == "CycloneDX" and len(bill["components"]) > 100, names
open(sys.argv[2], "w").write(json.dumps(bill, indent=1))
print("bill of materials:", len(bill["components"]), "components")
PYTHON
        made "nearmiss-$version.cyclonedx.json"

        say "wheel in a fresh environment"
        python3 -m venv "$scratch/venv"
        "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check "$out/$wheel" pytest
        test "$("$scratch/venv/bin/nearmiss" --version)" = "nearmiss $version"
        demo "$scratch/venv/bin/nearmiss"
        (cd "$scratch" && env -u NEARMISS_BIN -u PYTHONPATH "$here/tests/python/run.sh" "$scratch/venv/bin/python")
    else
        leave "wheel: there is no maturin"
    fi
fi

if asked crates; then
    say "crates"
    cargo package --workspace --no-verify --allow-dirty --quiet
    for crate in "nearmiss-grad-$version" "nearmiss-$version"; do
        cp "$CARGO_TARGET_DIR/package/$crate.crate" "$out/"
        made "$crate.crate"
        tar -xzf "$out/$crate.crate" -C "$scratch"
    done
    say "cargo install in a fresh root (unoptimised: this asks whether the crates are whole)"
    quick=(--config profile.release.package.nearmiss.opt-level=0
        --config profile.release.package.nearmiss.codegen-units=256
        --config profile.release.package.nearmiss-grad.opt-level=1)
    # As the registry would give it: the member first, then the program that names it by its version.
    cargo install --quiet --locked --path "$scratch/nearmiss-$version" --root "$scratch/root" "${quick[@]}" \
        --config "patch.crates-io.nearmiss-grad.path='$scratch/nearmiss-grad-$version'"
    demo "$scratch/root/bin/nearmiss"
fi

if asked deb; then
    say "Debian package"
    if has cargo-deb && has dpkg-deb; then
        [ -x "$release/nearmiss" ] || cargo build --release
        assets/packaging/share.sh
        cargo deb --no-build --package nearmiss --output "$scratch/deb/"
        deb="$(basename "$scratch"/deb/*.deb)"
        mv "$scratch/deb/$deb" "$out/"
        made "$deb"
        dpkg-deb --info "$out/$deb" | sed -n 's/^ \(Version\|Depends\|Installed-Size\)/\1/p'
        if has desktop-file-validate; then desktop-file-validate assets/packaging/linux/nearmiss.desktop; fi

        say "Debian package in a fresh root"
        root="$scratch/debian"
        if [ "$(id -u)" = 0 ] && has debootstrap &&
            debootstrap --variant=minbase "${NEARMISS_SUITE:-bookworm}" "$root" >"$scratch/debootstrap.log" 2>&1; then
            cp "$out/$deb" "$root/tmp/"
            cp /etc/resolv.conf "$root/etc/" || true
            chroot "$root" apt-get -qq update
            chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
                "/tmp/$deb" shared-mime-info >"$scratch/apt.log" 2>&1 || { tail "$scratch/apt.log" >&2; exit 1; }
            printf '#!/bin/sh\nexec chroot %s env HOME=/tmp NEARMISS_DATA=/tmp/d NEARMISS_CACHE=/tmp/c nearmiss "$@"\n' \
                "$root" >"$scratch/inside"
            chmod +x "$scratch/inside"
            demo "$scratch/inside"
            grep -q 'application/vnd.nearmiss.workspace+json:\*.nearmiss.json' "$root/usr/share/mime/globs2"
            echo "workspaces have their type"
        else
            leave "Debian package installed in a fresh system: that takes root and debootstrap; it was unpacked alone"
            dpkg-deb --extract "$out/$deb" "$root"
            demo "$root/usr/bin/nearmiss"
        fi
        for file in man/man1/nearmiss-attack-pairs.1.gz bash-completion/completions/nearmiss applications/nearmiss.desktop \
            doc/nearmiss/guide/commands.md; do
            [ -s "$root/usr/share/$file" ] || { echo "it lacks /usr/share/$file" >&2 && exit 1; }
        done
    else
        leave "Debian package: there is no cargo-deb, or no dpkg-deb"
    fi
fi

if asked bundles; then
    say "bundles"
    case "$(uname -s)" in
        Linux) formats=(appimage) && leave "MSI and DMG: they are made on Windows and macOS" ;;
        Darwin) formats=(dmg) && leave "AppImage and MSI: they are made on Linux and Windows" ;;
        *) formats=(wix) && leave "AppImage and DMG: they are made on Linux and macOS" ;;
    esac
    if has cargo-packager; then
        for format in "${formats[@]}"; do
            if cargo packager --release --formats "$format" --packages nearmiss --out-dir "$scratch/bundle" \
                >"$scratch/packager" 2>&1; then
                for file in "$scratch"/bundle/*.{AppImage,msi,dmg}; do
                    [ -f "$file" ] || continue
                    mv "$file" "$out/"
                    made "$(basename "$file")"
                done
            else
                leave "$format: $(grep -iE 'error' "$scratch/packager" | tail -n 1)"
            fi
        done
    else
        leave "${formats[*]}: there is no cargo-packager"
    fi
fi

if asked sums; then
    say "checksums"
    (cd "$out" && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs -d '\n' sha256sum | tee SHA256SUMS)
fi

if [ "${#left[@]}" -gt 0 ]; then
    say "left out"
    printf '%s\n' "${left[@]}"
    exit 3
fi
say "all made"
