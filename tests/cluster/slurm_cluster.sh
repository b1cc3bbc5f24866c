#!/bin/sh
# Runs assets/cluster/slurm.sh on a Slurm of several nodes on this machine; one node is killed when half of the first stage is done.
#   sh slurm_cluster.sh NEARMISS RUN [STAGES (embed,rank)] [NODES (3)] [kill|whole (kill)] [SECONDS (900)]      RUN is planned, not done
# Exit 0: all stages are merged within the time. Needs munge, slurmctld, slurmd, slurm-client (Debian's names); all runs as the
# user who calls, in a temporary folder, and listens on loopback only.
set -eu
nearmiss=$(realpath "$1") run=$(realpath "$2") stages=${3:-embed,rank} nodes=${4:-3} kill=${5:-kill} seconds=${6:-900}
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin
dir=$(mktemp -d /tmp/nmslurm.XXXXXX)
user=$(id -un)
export SLURM_CONF="$dir/slurm.conf" # the mark of all that is started here

# Processes with the mark, or those of them with the given word in their environment as well; and the slurmstepd above them.
marked() (
    mark="SLURM_CONF=$SLURM_CONF"
    unset SLURM_CONF # what runs here has no mark
    for process in $(cd /proc && grep -lzsF "$mark" [0-9]*/environ | cut -d / -f 1); do
        [ $# = 0 ] || grep -qzsxF "$1" "/proc/$process/environ" || continue
        echo "$process"
        parent=$(cut -d ' ' -f 4 "/proc/$process/stat" 2>/dev/null) || continue
        case $(cat "/proc/$parent/comm" 2>/dev/null) in slurmstepd*) echo "$parent" ;; esac
    done
)
end() { # all of them, until there is none
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        left=$(marked "$@")
        [ -n "$left" ] || return 0
        # shellcheck disable=SC2086
        kill -9 $left 2>/dev/null || :
        sleep 0.2
    done
    echo "left behind: $left" >&2
    return 1
}
finish() {
    code=$?
    trap - EXIT
    trap '' INT TERM
    [ "$code" = 0 ] || tail -n 5 "$dir"/slurmctld.log "$dir"/logs/* 2>/dev/null || :
    end || code=1
    [ "$code" != 0 ] || rm -rf "$dir"
    [ "$code" = 0 ] || echo "the logs are in $dir" >&2
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM
fail() { echo "slurm_cluster.sh: $*" >&2; exit 1; }

# Ports that are free now: of slurmctld and of the nodes, one after the other.
port=$(python3 - "$nodes" <<'END'
import socket, sys
for port in range(23000, 32000, 50):
    sockets = [socket.socket() for _ in range(int(sys.argv[1]) + 1)]
    try:
        for i, s in enumerate(sockets): s.bind(("127.0.0.1", port + i))
        print(port); break
    except OSError: pass
    finally:
        for s in sockets: s.close()
END
)
cat >"$SLURM_CONF" <<END
ClusterName=nearmiss
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=10
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SlurmdTimeout=10
SlurmctldTimeout=60
ReturnToService=2
KillWait=2
SchedulerParameters=sched_interval=5,batch_sched_delay=1,bf_interval=5
MaxArraySize=101
NodeName=n[1-$nodes] NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=1
PartitionName=all Nodes=ALL Default=YES State=UP MaxTime=INFINITE
END
mkdir -p "$dir/state"
chmod 755 "$dir"
head -c 1024 /dev/urandom >"$dir/munge.key"
chmod 400 "$dir/munge.key"
munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munge.pid" --log-file="$dir/munge.log" \
    --seed-file="$dir/munge.seed" 2>"$dir/munge.err" || fail "munged: $(cat "$dir/munge.err")"
slurmctld
i=0
while [ $i -lt "$nodes" ]; do
    i=$((i + 1))
    mkdir -p "$dir/n$i"
    NODE_OF_TEST=n$i slurmd -N "n$i" || fail "slurmd: $(tail -n 3 "$dir/n$i.log")"
done
until=$(($(date +%s) + seconds))
wait_for() { # words of a command that has to succeed
    while ! "$@"; do
        [ "$(date +%s)" -lt "$until" ] || fail "not within $seconds s: $*"
        sleep 1
    done
}
all_idle() { [ "$(sinfo -h -N -t idle -o %N | wc -l)" = "$nodes" ]; }
wait_for all_idle
echo "slurmctld and $nodes slurmd"

cd "$dir"
value() { "$nearmiss" part status "$run" --json | python3 -c "import json, sys
for s in json.load(sys.stdin)['stages']:
    if s['stage'] == '$1': print(int(s['$2']))"; }
first=${stages%%,*} last=${stages##*,}
program=$nearmiss
if [ "$kill" = kill ]; then # the tasks of the first stage end one after the other: a node can be killed in between
    program=$dir/nearmiss-in-turn
    cat >"$program" <<EOF
#!/bin/sh
case " \$* " in *" run "*" $first "*) sleep "\$((2 * \${SLURM_ARRAY_TASK_ID:-0}))" ;; esac
exec "$nearmiss" "\$@"
EOF
    chmod +x "$program"
fi
NEARMISS=$program CPUS=1 LOGS=$dir/logs sh "$here/../../assets/cluster/slurm.sh" "$run" "$stages"
if [ "$kill" = kill ]; then
    half() { [ $((2 * $(value "$first" "done"))) -ge "$(value "$first" tasks)" ]; }
    wait_for half
    [ "$(value "$first" "done")" -lt "$(value "$first" tasks)" ] || fail "all was done before a node could be killed"
    end "NODE_OF_TEST=n$nodes"
    end "SLURMD_NODENAME=n$nodes"
    echo "killed node n$nodes at $(value "$first" "done") of $(value "$first" tasks)"
fi
merged() {
    [ "$(value "$last" merged)" = 1 ] && return 0
    [ -n "$(squeue -h)" ] || [ "$(value "$last" merged)" = 1 ] || fail "no job is left and $last is not merged"
    return 1
}
wait_for merged
sinfo -h -N -o '%N %T'
echo "all stages are merged"
