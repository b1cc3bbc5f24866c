#!/usr/bin/env bash
# What work in parts gives on Ray, on Slurm and in object storage, against one machine. What cannot be had here is said and left out.
#   run.sh NEARMISS [ray] [slurm] [s3]      (all three where none is named)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
nearmiss="$(realpath "$1")"
shift
wanted=" ${*:-ray slurm s3} "
say() { printf 'cluster: %s\n' "$*" >&2; }

cache="${XDG_CACHE_HOME:-$HOME/.cache}/nearmiss"
dir="$(mktemp -d)"
server=
finish() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
    rm -rf "$dir"
}
trap finish EXIT
export NEARMISS_DATA="$dir/data" NEARMISS_CACHE="$dir/cache"

# --- The set, and what one machine says of it -------------------------------------------------------------------------
mkdir -p "$dir/set"
for shard in 0 1 2 3 4 5; do
    "$nearmiss" convert demo "$dir/set/0000$shard.tar" --images "$(seq -s, $((50 * shard)) $((50 * shard + 49)))" >/dev/null
done
"$nearmiss" eval --dataset "$dir/set" --encoder demo --json >"$dir/eval.json" 2>/dev/null
# The lists of the ranking end before 14 negatives are seen: these filters need further rounds of tasks.
filters="--k 2 --range-min 12 --most-uses 3"
"$nearmiss" mine --dataset "$dir/set" --encoder demo $filters --out "$dir/mined.jsonl" >/dev/null 2>&1
plan() { # RUN DATA: embedding, and blocks of ranking small enough to be many
    "$nearmiss" part plan "$2" --encoder demo --run "$1" --stage embed --pairs 12000 >/dev/null
}
plan_mining() { # RUN: of pieces and blocks small enough to be many
    "$nearmiss" part plan --run "$1" --stage mine $filters --queries 250 --pairs 60000 >/dev/null
}
several_rounds() { # RUN
    "$nearmiss" part status "$1" --json 2>/dev/null | python3 -c 'import json, sys
rounds = json.load(sys.stdin)["stages"][-1]["further_rounds"]
sys.exit(0 if rounds >= 2 else f"{rounds} further rounds")'
}

# --- Ray --------------------------------------------------------------------------------------------------------------
ray() {
    local venv="$cache/ray"
    if ! "$venv/bin/python" -c 'import ray' 2>/dev/null; then
        say "fetching Ray into $venv"
        rm -rf "$venv"
        if ! python3 -m venv "$venv" || ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            "$(grep '^ray==' "$here/../../assets/cluster/versions.txt")" >&2; then
            rm -rf "$venv"
            say "left out: Ray cannot be had here"
            return 0
        fi
    fi
    plan "$dir/ray" "$dir/set"
    timeout 900 "$venv/bin/python" "$here/ray_cluster.py" "$nearmiss" "$dir/ray" --stages embed,rank --nodes 3 --kill \
        --seconds 800 >"$dir/ray.log" 2>&1 || { tail -n 40 "$dir/ray.log" >&2; return 1; }
    plan_mining "$dir/ray"
    timeout 900 "$venv/bin/python" "$here/ray_cluster.py" "$nearmiss" "$dir/ray" --stages mine --nodes 3 \
        --seconds 800 >"$dir/ray.log" 2>&1 || { tail -n 40 "$dir/ray.log" >&2; return 1; }
    several_rounds "$dir/ray"
    python3 "$here/compare.py" "$dir/ray/report.json" "$dir/eval.json" "$dir/ray/mined.jsonl" "$dir/mined.jsonl"
    say "Ray, three nodes and one killed, mined in several rounds: as one machine"
}

# --- Slurm ------------------------------------------------------------------------------------------------------------
slurm() {
    if ! command -v slurmctld >/dev/null && ! [ -x /usr/sbin/slurmctld ]; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "installing slurmctld slurmd slurm-client munge"
            DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends slurmctld slurmd slurm-client munge \
                >/dev/null 2>&1 || true
        fi
    fi
    if ! [ -x /usr/sbin/slurmctld ]; then
        say "left out: Slurm is not installed (Debian: slurmctld slurmd slurm-client munge)"
        return 0
    fi
    plan "$dir/slurm" "$dir/set"
    timeout 900 sh "$here/slurm_cluster.sh" "$nearmiss" "$dir/slurm" embed,rank 3 kill 800 >"$dir/slurm.log" 2>&1 ||
        { tail -n 40 "$dir/slurm.log" >&2; return 1; }
    plan_mining "$dir/slurm"
    timeout 900 sh "$here/slurm_cluster.sh" "$nearmiss" "$dir/slurm" mine 3 whole 800 >"$dir/slurm.log" 2>&1 ||
        { tail -n 40 "$dir/slurm.log" >&2; return 1; }
    several_rounds "$dir/slurm"
    python3 "$here/compare.py" "$dir/slurm/report.json" "$dir/eval.json" "$dir/slurm/mined.jsonl" "$dir/mined.jsonl"
    say "Slurm, three nodes and one killed, mined in several rounds: as one machine"
}

# --- Object storage ---------------------------------------------------------------------------------------------------
s3() {
    local program="${NEARMISS_S3_SERVER:-$cache/s3/bin/s3s-fs}"
    if ! [ -x "$program" ]; then
        say "left out: no S3 server (cargo install s3s-fs --version 0.14.1 --features binary --root $cache/s3)"
        return 0
    fi
    mkdir -p "$dir/s3/bucket/set"
    cp "$dir"/set/*.tar "$dir/s3/bucket/set/"
    local port
    port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
    "$program" --host 127.0.0.1 --port "$port" --access-key key --secret-key secret "$dir/s3" >"$dir/s3.log" 2>&1 &
    server=$!
    export AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret AWS_REGION=us-east-1
    export AWS_ENDPOINT="http://127.0.0.1:$port" AWS_ALLOW_HTTP=true
    for _ in $(seq 100); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
        sleep 0.1
    done
    local run=s3://bucket/run stage tasks code
    "$nearmiss" part plan s3://bucket/set --encoder demo --run "$run" --stage embed --pairs 12000 --sample 50 >/dev/null
    for stage in embed rank mine; do
        case $stage in
        rank) "$nearmiss" part plan --run "$run" --stage rank --sample 0 >/dev/null ;; # takes the sample back
        mine) plan_mining "$run" ;;
        esac
        while :; do
            tasks="$("$nearmiss" part status "$run" --json 2>/dev/null |
                python3 -c 'import json, sys; print(json.load(sys.stdin)["stages"][-1]["tasks"])')"
            "$nearmiss" part run "$run" --stage "$stage" --task "0..$tasks"
            code=0
            "$nearmiss" part merge "$run" >/dev/null || code=$?
            [ "$code" != 0 ] || break
            [ "$code" = 3 ] || return "$code" # 3: another round of tasks
        done
    done
    several_rounds "$run"
    python3 "$here/compare.py" "$dir/s3/bucket/run/report.json" "$dir/eval.json" \
        "$dir/s3/bucket/run/mined.jsonl" "$dir/mined.jsonl"
    kill "$server"
    server=
    say "object storage, set and run in a bucket: as one machine"
}

for one in ray slurm s3; do
    case "$wanted" in *" $one "*) "$one" ;; esac
done
