#!/bin/sh
# Runs stages of a planned run of `nearmiss part` as Slurm jobs:   sh slurm.sh URL [STAGES]   e.g. sh slurm.sh /shared/run embed,rank
# Without STAGES: those that are planned. Started again it goes on. Of the environment:
#   SBATCH_ARGS, MERGE_ARGS  more options of sbatch for all jobs, for merges      NEARMISS  the program (or beside this file, or in PATH)
#   GPU_ARGS (--gres=gpu:1)  for stages that are planned for GPUs                 CPUS (2)  processors and threads of a job
#   BLOCK  tasks of an array element (as few as MaxArraySize allows)              RETRIES (2), LOGS (nearmiss-logs)
set -euf
: "${NEARMISS_SLURM:=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")}" "${CPUS:=2}" "${RETRIES:=2}" "${NEARMISS_TRY:=0}"
: "${LOGS:=nearmiss-logs}" "${GPU_ARGS=--gres=gpu:1}" "${SBATCH_ARGS=}" "${MERGE_ARGS=}" "${BLOCK=}"
[ -n "${NEARMISS-}" ] || { NEARMISS=${NEARMISS_SLURM%/*}/nearmiss; [ -x "$NEARMISS" ] || NEARMISS=nearmiss; }
export NEARMISS_SLURM NEARMISS_TRY NEARMISS CPUS RETRIES LOGS GPU_ARGS SBATCH_ARGS MERGE_ARGS BLOCK RAYON_NUM_THREADS="${SLURM_CPUS_PER_TASK:-$CPUS}"
export OMP_NUM_THREADS="$RAYON_NUM_THREADS"

job() { # pattern of the log's name, options, script and its arguments
    log=$1; shift
    id=$(sbatch --parsable --export=ALL --requeue -c "$CPUS" -o "$LOGS/$log" $SBATCH_ARGS "$@") && echo "${id%%;*}"
}
states() { # of the stages, a line each, without what failed
    json=$("$NEARMISS" part status "$url" --json) || exit
    printf %s "$json" | tr -d '\n' | sed -E 's/"(run|host|message)": *"([^"\\]|\\.)*",?//g; s/[[:space:]]//g; s/"failed":\[[^]]*\],?//g' | tr '}' '\n'
}
state() { state=$(states); state=$(printf '%s\n' "$state" | grep "\"stage\":\"$stage\"") || state=; }
value() { printf %s "$state" | sed -n "s/.*\"$1\":\[*\([0-9a-z,]*\).*/\1/p" | sed 's/,$//'; }

case ${1:?usage: sh slurm.sh URL [STAGES]} in
--element)
    url=$2 stage=$3 first=$((SLURM_ARRAY_TASK_ID * $4)) code=0
    end=$((first + $4 < $5 ? first + $4 : $5))
    "$NEARMISS" part run "$url" --stage "$stage" --task "$first..$end" || code=$?
    # The plan does not fit: ends all, without another try.
    [ "$code" != 2 ] || scancel -n "nearmiss-next-$SLURM_ARRAY_JOB_ID" || :
    [ "$code" != 2 ] || scancel "$SLURM_ARRAY_JOB_ID"
    exit "$code" ;;
--range) exec "$NEARMISS" part merge "$2" --stage "$3" --task "$SLURM_ARRAY_TASK_ID" ;;
--next)
    url=$2 stages=$3 stage=${3%%,*} code=1
    state
    if [ -z "$(value missing)" ]; then code=0; "$NEARMISS" part merge "$url" --stage "$stage" || code=$?; fi
    case $code in
    0) [ "$stages" != "$stage" ] || exit 0; stages=${stages#*,} NEARMISS_TRY=0 ;;
    3) NEARMISS_TRY=0 ;; # Another round of tasks is planned.
    1) "$NEARMISS" part status "$url"
       [ "$NEARMISS_TRY" -lt "$RETRIES" ] || { echo "$stage: not done after $RETRIES more tries" >&2; exit 1; }
       NEARMISS_TRY=$((NEARMISS_TRY + 1)) ;;
    *) exit "$code" ;;
    esac
    exec sh "$NEARMISS_SLURM" "$url" "$stages" ;;
esac

url=$1
stages=${2-$(states | sed -n 's/.*"stage":"\([a-z]*\)".*/\1/p' | paste -s -d , -)}
stage=${stages%%,*}
state
[ -n "$state" ] || { "$NEARMISS" part plan --run "$url" --stage "$stage"; state; }
if [ "$(value merged)" = true ]; then
    echo "$stage: merged before"
    [ "$stages" != "$stage" ] || exit 0
    exec sh "$NEARMISS_SLURM" "$url" "${stages#*,}"
fi
mkdir -p "$LOGS"
tasks=$(value tasks) merges=$(value merges) most=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')
block=${BLOCK:-$(((tasks + most - 2) / (most - 1)))}
elements=$(printf %s "$state" | sed -n 's/.*"missing_ranges":\[\(\[[][0-9,]*\]\)\].*/\1/p' | tr ']' '\n' | tr -d '[' | sed 's/^,//' |
    awk -F, -v block="$block" 'NF < 2 { next } { from = int($1 / block); to = int(($2 - 1) / block) }
    n && from > last + 1 { printf "%d-%d,", first, last } !n || from > last + 1 { first = from } { last = to; n++ }
    END { if (n) printf "%d-%d", first, last }')
gpu=''; [ "$(value gpu)" != true ] || gpu=$GPU_ARGS
array='' merge='' afterok='' afterany=''
if [ -n "$elements" ]; then
    array=$(job '%x-%A_%a.txt' -H -J "nearmiss-$stage" -a "$elements" $gpu "$NEARMISS_SLURM" --element "$url" "$stage" "$block" "$tasks")
    trap 'scancel "$array"' EXIT
    afterok="-d afterok:$array --kill-on-invalid-dep=yes" afterany=":$array"
fi
if [ "$merges" -gt 1 ]; then
    merge=$(job '%x-%A_%a.txt' -J "nearmiss-merge-$stage" -a "0-$((merges - 1))" $afterok $MERGE_ARGS "$NEARMISS_SLURM" --range "$url" "$stage")
    afterany="$afterany:$merge"
fi
next=$(job '%x.txt' -J "nearmiss-next-${array:-$stage}" ${afterany:+-d "afterany$afterany"} $MERGE_ARGS "$NEARMISS_SLURM" --next "$url" "$stages")
trap - EXIT
[ -z "$array" ] || scontrol release "$array"
echo "$stage: tasks ${array:-done before}${elements:+ (elements $elements of $block)}${merge:+, merges $merge}, then $next"
