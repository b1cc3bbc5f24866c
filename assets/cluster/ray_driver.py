"""Runs the stages of a planned run of `nearmiss part` on a Ray cluster.

On a node of the cluster:   python ray_driver.py URL --stages embed,rank
From anywhere:              ray job submit --address http://HEAD:8265 --working-dir DIR -- python ray_driver.py URL

Whatever ends it, started again it goes on: results and marks lie in the run. Exit 0: merged; 1: something failed; 2: the
plan does not fit the program, nothing was tried again; 130: interrupted.
"""
import argparse, collections, ctypes, json, os, shutil, signal, socket, subprocess, sys, time
import ray

WINDOW = 10_000  # tasks that Ray knows of at once
RUNNING = {}     # what Ray was given -> (name, which try)


class Stop(Exception):
    """Ends the driver: message, exit status."""


def last_line(text):
    return (text.strip().splitlines() or ["no message"])[-1]


def find(given, start):
    """The program on this node: what was given, else NEARMISS, else the file in the working folder, else the one in PATH."""
    given = given or os.environ.get("NEARMISS")
    names = [given, os.path.join(start, given)] if given else ["./nearmiss", os.path.join(start, "nearmiss"), "nearmiss"]
    return next(filter(None, map(shutil.which, names)), None)


def attempt(given, start, words, env, limit, pause):
    """On a node: one try of one command. Gives the exit status, the last line of what it said and the host."""
    host, libc, program = socket.gethostname(), ctypes.CDLL(None), find(given, start)
    die_with_me = (lambda: libc.prctl(1, signal.SIGKILL)) if sys.platform == "linux" else None  # PR_SET_PDEATHSIG
    try:
        child = subprocess.Popen([program or "nearmiss", "part", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, env={**os.environ, **env}, start_new_session=True, preexec_fn=die_with_me)
    except OSError as error:
        time.sleep(pause)
        return 1, f"cannot start the program: {error}", host
    try:
        said = last_line(child.communicate(timeout=limit)[1].decode(errors="replace"))
    except subprocess.TimeoutExpired:
        said = f"took longer than {limit:g} s"
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if child.returncode not in (0, 2, 3):
        time.sleep(pause)  # here, so that a broken node does not draw all tasks and fail them
    return child.returncode, said, host


def run_all(a, label, commands, done=0, gpus=0, limit=None, retries=0):
    """Runs the commands (name -> words) on the cluster. Gives those that failed for good (name -> message), and whether one said
    that another round of tasks is planned."""
    task = ray.remote(attempt).options(num_cpus=a.cpus, num_gpus=gpus, max_retries=3, scheduling_strategy="SPREAD")
    # As an argument, not as Ray's runtime_env: that is shown in the dashboard, and refused where the job sets the same names.
    env = {k: v for k, v in os.environ.items() if k.startswith(("AWS_", "NEARMISS_", "ORT_"))}
    env.update(RAYON_NUM_THREADS=str(a.cpus), OMP_NUM_THREADS=str(a.cpus))
    waiting, failed, another = collections.deque((name, 0) for name in commands), {}, False
    total, before, since, told, tty = done + len(commands), done, time.monotonic(), time.monotonic(), sys.stdout.isatty()
    while waiting or RUNNING:
        while waiting and len(RUNNING) < WINDOW:
            name, tries = waiting.popleft()
            RUNNING[task.remote(a.nearmiss, a.start, commands[name], env, limit, 2 ** tries)] = name, tries
        for ref in ray.wait(list(RUNNING), num_returns=len(RUNNING), timeout=0.5)[0]:
            name, tries = RUNNING.pop(ref)
            try:
                code, said, host = ray.get(ref)
            except ray.exceptions.RayError as error:
                code, said, host = 1, f"{type(error).__name__}: {str(error).strip().splitlines()[0]}", "a lost node"
            if code in (0, 3):
                done, another = done + 1, another or code == 3
            elif code == 2:
                raise Stop(f"{label}, {name}, on {host}: {said}", 2)
            else:
                said = f"{label}, {name}, on {host}: {said}" + (f" (killed by signal {-code})" if code < 0 and "took" not in said else "")
                print(f"{chr(13) if tty else ''}{said}{'; once more' if tries < retries else ''}", file=sys.stderr, flush=True)
                if tries < retries:
                    waiting.append((name, tries + 1))
                else:
                    failed[name] = said
        now, ended = time.monotonic(), not (waiting or RUNNING)
        if ended or now - told >= (0.5 if tty else 10):
            told, rate = now, (done - before) / max(now - since, 1e-3)
            left = f", {(total - done) / rate / 60:.1f} min left" if rate and not ended else ""
            line = f"{label}: {done} of {total}, {rate * 60:.1f} a minute{left}"
            print(f"\r{line:<70}" if tty else line, end="" if tty and not ended else "\n", flush=True)
    return failed, another


def ask(a, *words):
    program = find(a.nearmiss, a.start)
    if program is None:
        raise Stop("the program nearmiss is not here: --nearmiss PATH, NEARMISS, a file of this name in this folder, or PATH", 1)
    answer = subprocess.run([program, "part", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if answer.returncode:
        raise Stop(f"nearmiss part {words[0]}: {last_line(answer.stderr)}", answer.returncode)
    return answer.stdout


def planned(a):
    return {s["stage"]: s for s in json.loads(ask(a, "status", a.url, "--json"))["stages"]}


def run_stage(a, stage):
    state = planned(a).get(stage)
    if state is None:
        ask(a, "plan", "--run", a.url, "--stage", stage)
        state = planned(a)[stage]
    if state["merged"]:
        return print(f"{stage}: merged before")
    words, again = [a.url, "--stage", stage], False
    while True:
        gpus = int(state["gpu"]) if a.gpus is None else a.gpus
        for kind, need in (("CPU", a.cpus), ("GPU", gpus)):
            if not any(n["Alive"] and n["Resources"].get(kind, 0) >= need for n in ray.nodes()):
                print(f"{stage}: no node has {need} {kind} yet; the tasks wait for one (--{kind.lower()}s asks for less)", file=sys.stderr)
        tasks = {f"task {i}": ["run", *words, "--task", str(i)] for first, end in state["missing_ranges"] for i in range(first, end)}
        failed, _ = run_all(a, stage, tasks, state["tasks"] - len(tasks), gpus, a.limit, a.retries)
        if failed:
            raise Stop("\n".join([f"{stage}: {len(failed)} of {state['tasks']} tasks failed:", *list(failed.values())[:20]]), 1)
        ranges = range(state["merges"]) if state["merges"] > 1 else ()
        failed, _ = run_all(a, f"{stage}, merge", {f"range {i}": ["merge", *words, "--task", str(i)] for i in ranges})
        another = False
        if not failed:
            failed, another = run_all(a, f"{stage}, merge", {"all": ["merge", *words]})
        if not (failed or another):
            return
        if failed and again:
            raise Stop(f"{stage}: not merged: {list(failed.values())[0]}", 1)
        again = bool(failed)
        state = planned(a)[stage]  # a merge takes the marks of broken parts away, or plans another round


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("url", help="folder of the run, or its s3:// address")
    p.add_argument("--stages", help="such as embed,rank; those that are planned already if not given")
    p.add_argument("--nearmiss", default=os.environ.get("NEARMISS"), help="path of the program on the nodes; NEARMISS says it too")
    p.add_argument("--retries", type=int, default=3, help="how often a task that failed is tried again")
    p.add_argument("--limit", type=float, metavar="SECONDS", help="longest time of a task; then it is killed and tried again")
    p.add_argument("--cpus", type=int, default=2, help="processors and threads of a task")
    p.add_argument("--gpus", type=int, choices=(0, 1), help="graphics processors of a task; as planned if not given")
    p.add_argument("--address", default="auto", help="of the cluster; local starts one on this machine")
    a = p.parse_args()
    a.start = os.getcwd()
    try:
        ray.init(address=a.address, log_to_driver=False, logging_level="ERROR")
    except ConnectionError as error:
        sys.exit(f"no Ray cluster at {a.address}: {last_line(str(error))}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        for stage in a.stages.split(",") if a.stages else planned(a):
            run_stage(a, stage)
    except Stop as stop:
        print(stop.args[0], file=sys.stderr)
        return stop.args[1]
    except KeyboardInterrupt:
        print("interrupted; started again it goes on from here", file=sys.stderr)
        return 130
    finally:
        for ref in RUNNING:
            ray.cancel(ref)
        if RUNNING:
            ray.wait(list(RUNNING), num_returns=len(RUNNING), timeout=2)
        ray.shutdown()


if __name__ == "__main__":
    sys.exit(main())
