"""How much of the ideal rate the Ray driver reaches with tasks that only wait, on 1, 2, 4, 8 .. nodes of one processor each.

python scaling.py NEARMISS RUN [--stage embed] [--sleep 4] [--nodes 1,2,4,8]

RUN is a folder with a planned stage that is not begun and has small tasks; each count of nodes works on a copy of it. Before
each `part run` the program waits --sleep seconds, so that all nodes fit on one machine. With a NEARMISS whose tasks wait by
themselves: --sleep 0 --seconds 4. Ideal: tasks x seconds / nodes. `tasks`: from the first task given to Ray to the last one
done, the start of Ray's workers in it; `all`: the whole driver, with Python, the connection and the merge.
"""
import argparse, os, pathlib, re, shutil, subprocess, sys, tempfile, time
import ray_cluster

WRAPPER = """#!/bin/sh
case "$1 $2" in "part run") sleep {sleep};; esac
exec '{nearmiss}' "$@"
"""


def measure(nodes, program, run, stage):
    since = time.monotonic()
    words = [sys.executable, str(ray_cluster.DRIVER), str(run), "--stages", stage, "--nearmiss", program, "--cpus", "1"]
    words += ["--address", nodes.cluster.address]
    answer = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return re.findall(rf"{stage}: (\d+) of \1, ([\d.]+) a minute", answer.stdout)[-1], time.monotonic() - since


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("nearmiss")
    p.add_argument("run")
    p.add_argument("--stage", default="embed")
    p.add_argument("--sleep", type=float, default=4)
    p.add_argument("--seconds", type=float, help="of a task; those of --sleep if not given")
    p.add_argument("--nodes", default="1,2,4,8")
    a = p.parse_args()
    seconds = a.seconds or a.sleep
    ray_cluster.adopt()
    nodes, folder = None, tempfile.TemporaryDirectory(prefix="nm")
    try:
        program = os.path.join(folder.name, "nearmiss")
        pathlib.Path(program).write_text(WRAPPER.format(sleep=a.sleep, nearmiss=os.path.abspath(a.nearmiss)))
        os.chmod(program, 0o755)
        print("nodes  ideal s  tasks s  efficiency  all s  efficiency  load of the machine", flush=True)
        for count in map(int, a.nodes.split(",")):
            nodes = ray_cluster.Nodes(count)
            run = os.path.join(folder.name, str(count))
            shutil.copytree(a.run, run)
            (tasks, rate), whole = measure(nodes, program, run, a.stage)
            ideal, took = int(tasks) * seconds / count, int(tasks) * 60 / float(rate)
            print(f"{count:5} {ideal:8.1f} {took:8.1f} {ideal / took:11.1%} {whole:6.1f} {ideal / whole:11.1%} {os.getloadavg()[0]:8.1f}",
                  flush=True)
            nodes.close()
            nodes = None
    finally:
        if nodes:
            nodes.close()
        folder.cleanup()
        ray_cluster.end_all()


if __name__ == "__main__":
    main()
