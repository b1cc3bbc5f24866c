"""Runs assets/cluster/ray_driver.py on a Ray cluster of several nodes on this machine; one node is killed half-way.

python ray_cluster.py NEARMISS RUN [--stages embed,rank] [--nodes 3] [--kill] [--seconds 900]   (RUN is planned and not done)
Exit 0: all stages are merged, within the time, and a node was killed if that was asked for. Listens on loopback only.
All other arguments go to the driver.
"""
import argparse, ctypes, json, os, pathlib, signal, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
DRIVER = HERE.parents[1] / "assets" / "cluster" / "ray_driver.py"
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_MEMORY_MONITOR": "1", "RAY_worker_register_timeout_seconds": "180",
         "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # keeps 127.0.0.1 what it is
         "RAY_enable_metrics_collection": "0", "RAY_num_prestart_python_workers": "0"}


def descendants():
    """Processes that came of this one, however they were left behind (see adopt)."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if words[0] != "Z":
            parents[int(stat.parent.name)] = int(words[1])
    found = {os.getpid()}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


def adopt():
    """Makes this process the parent of those whose own one has died, so that none gets lost."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def end_all():
    until = time.monotonic() + 10
    while (left := descendants()) and time.monotonic() < until:
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.1)
    if left:
        sys.exit(f"processes left behind: {sorted(left)}")


class Nodes:
    """A head without processors and a number of nodes with one each, or two."""

    def __init__(self, count, cpus=1):
        self.folder = tempfile.TemporaryDirectory(prefix="nm", ignore_cleanup_errors=True)
        os.environ.update(QUIET, RAY_TMPDIR=self.folder.name)  # before Ray is read
        from ray.cluster_utils import Cluster
        small = {"object_store_memory": 80 << 20, "node_ip_address": "127.0.0.1"}
        self.cluster = Cluster(initialize_head=True, head_node_args={**small, "num_cpus": 0, "include_dashboard": False})
        self.cpus, self.small, self.nodes = cpus, small, []
        self.grow(count)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # instead of Ray's, that waits

    def grow(self, count):
        while len(self.nodes) < count:
            self.nodes.append(self.cluster.add_node(num_cpus=self.cpus, wait=True, **self.small))

    def kill(self):
        self.cluster.remove_node(self.nodes.pop(), allow_graceful=False)

    def close(self):
        self.cluster.shutdown()
        self.folder.cleanup()


def driver(nodes, nearmiss, run, *more):
    """The driver as a process of its own, that ends with this one."""
    words = [sys.executable, str(DRIVER), str(run), "--nearmiss", nearmiss, "--address", nodes.cluster.address, "--cpus", "1", *more]
    return subprocess.Popen(words, start_new_session=True)


def stages(nearmiss, run):
    answer = subprocess.run([nearmiss, "part", "status", str(run), "--json"], stdout=subprocess.PIPE, check=True, timeout=120)
    return {stage["stage"]: stage for stage in json.loads(answer.stdout)["stages"]}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    p.add_argument("nearmiss")
    p.add_argument("run")
    p.add_argument("--stages", default="embed,rank")
    p.add_argument("--nodes", type=int, default=3)
    p.add_argument("--kill", action="store_true", help="kill a node when half of the tasks of the first stage are done")
    p.add_argument("--seconds", type=float, default=900, help="longest time of all")
    a, more = p.parse_known_args()  # all else goes to the driver
    adopt()
    a.nearmiss = os.path.abspath(a.nearmiss)
    until, child, nodes, killed = time.monotonic() + a.seconds, None, None, not a.kill
    try:
        nodes = Nodes(a.nodes)
        print(f"a head and {a.nodes} nodes", flush=True)
        child = driver(nodes, a.nearmiss, a.run, "--stages", a.stages, *more)
        while child.poll() is None:
            if time.monotonic() > until:
                sys.exit(f"not done within {a.seconds:g} s")
            first = stages(a.nearmiss, a.run).get(a.stages.split(",")[0], {"done": 0, "tasks": 1})
            if not killed and 2 * first["done"] >= first["tasks"]:
                nodes.kill()
                killed = True
                print(f"killed a node at {first['done']} of {first['tasks']}", flush=True)
            time.sleep(0.2)
        if child.returncode:
            sys.exit(f"the driver ended with {child.returncode}")
        state = stages(a.nearmiss, a.run)
        left = [name for name in a.stages.split(",") if not state.get(name, {}).get("merged")]
        if left or not killed:
            sys.exit(f"not merged: {left}" if left else "all was done before a node could be killed")
        print("all stages are merged")
    finally:
        if nodes:
            nodes.close()
        end_all()


if __name__ == "__main__":
    main()
