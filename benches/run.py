#!/usr/bin/env python3
"""All comparisons with other programs in one run: one table, one JSON.

    pip install numpy faiss-cpu pillow onnx onnxruntime onnx-ad torch  # what is missing leaves its rows out, and says so
    cargo build --release
    python benches/run.py [--binary BIN] [--material DIR] [--models DIR] [--classifiers DIR ...] [--only NAME ...]
        [--quick] [--turns 3] [--keep] [--check]

A ratio is the other program's time by nearmiss's, both taken in turns in this run on the same cores: above 1, nearmiss is
faster. "spread" is how far the ratios of the turns lie apart, as a part of their median. "others" is how many cores other work
kept busy meanwhile; a row where that is more than a twentieth of the cores, or a spread of more than a quarter, is marked
with "!" and is no evidence.

--material holds flickr8k-test and encoders (embedding, gradient graphs, attacks), --models the models of tests/fixtures/make_models.py --full
(gradients), --classifiers what compare_attack.py reads (attacks). --keep writes results/VERSION.PROCESSOR.json beside this
file, where comparisons that --only leaves out stay; --check compares with the newest kept for this type of processor, and fails where a ratio that neither run marks fell
by more than a quarter.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"
FELL = 0.75
SPREAD = 0.25
OTHERS = 0.05


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def processor():
    """The name of the processor's type, as the system has it."""
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


class Others:
    """Cores that work other than this process and its children kept busy, on average; None where the system does not say."""

    def __enter__(self):
        self.start, self.busy, self.own = time.time(), self.of_all(), self.of_own()
        return self

    def __exit__(self, *_):
        spent = time.time() - self.start
        busy = self.of_all()
        self.cores = None
        if busy is not None and self.busy is not None and spent > 0:
            self.cores = max(0.0, (busy - self.busy - self.of_own() + self.own) / spent)

    @staticmethod
    def of_all():
        try:
            user, nice, system, _idle, _wait, irq, soft = map(
                int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
            )
        except (OSError, ValueError):
            return None
        return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def of_own():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system


def asked(command, timeout=1800):
    """The last line of JSON, or the whole JSON, that a comparison prints."""
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it failed"])[-1]
        raise RuntimeError(reason)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        return json.loads(done.stdout.strip().splitlines()[-1])


def rank(options):
    size = ["--images", 1000, "--captions", 5000, "--dim", 512] if options.quick else []
    report = asked([HERE / "compare_rank.py", "--nearmiss", options.binary, "--turns", 1, *size])
    what = f"rank {report['images']} x {report['captions']} x {report['dim']}, top {report['k']} and all ranks"
    yield what, "FAISS + NumPy", report["peer_seconds"], report["nearmiss_seconds"]


def embed(options):
    data, encoder = (options.material / part for part in ("flickr8k-test", "encoders/flickr8k-cca"))
    for folder in (data, encoder):
        if not folder.is_dir():
            raise RuntimeError(f"{folder} is not there: name it with --material")
    report = asked([HERE / "compare_embed.py", data, encoder, "--nearmiss", options.binary, "--turns", 1])
    what = f"embed {report['images']} pictures, batches of {report['batch']}"
    yield what, "Pillow + onnxruntime", 1 / report["python_images_per_second"], 1 / report["nearmiss_images_per_second"]


def learn(options):
    import numpy

    random = numpy.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        images = random.standard_normal((1200, 256), dtype=numpy.float32)
        texts = numpy.repeat(images, 5, axis=0) + random.standard_normal((6000, 256), dtype=numpy.float32)
        paths = [os.path.join(folder, name) for name in ("images.npy", "texts.npy")]
        numpy.save(paths[0], images)
        numpy.save(paths[1], texts)
        done = subprocess.run(
            [sys.executable, HERE / "compare_learn.py", options.binary, *paths, "--turns", "1"],
            capture_output=True,
            text=True,
            timeout=1800,
        )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it failed"])[-1])
    for line in done.stdout.splitlines():
        found = re.match(r"(\S+)\s+(\S+)\s+nearmiss ([\d.]+) ms .*?PyTorch ([\d.]+) ms", line)
        if found:
            optimizer, loss, ours, peer = found.groups()
            yield f"a step of {loss} by {optimizer}", "PyTorch", float(peer) / 1e3, float(ours) / 1e3


def grad(options):
    if not options.models:
        raise RuntimeError("no models: name them with --models")
    report = asked([HERE / "compare_grad.py", "--models", options.models, "--nearmiss", options.binary, "--turns", 1, "--json"])
    for row in report["cost"]:
        if row.get("torch_ms") and row.get("program_ms"):
            yield f"loss and gradient, {row['name']}", "PyTorch", row["torch_ms"] / 1e3, row["program_ms"] / 1e3


def graphs(options):
    models = sorted((options.material / "encoders").glob("*/vision_model.onnx"))
    if not models:
        raise RuntimeError("no encoders: name their folder with --material")
    report = asked([HERE / "compare_grad.py", "--onnx-ad", *models, "--nearmiss", options.binary, "--turns", 1, "--json"])
    for row in report["onnx_ad"]:
        # A graph that yields another gradient is no contestant.
        if row.get("onnx_ad_ms") and "off_onnx_ad" not in row:
            yield f"gradient graph, {row['name']}", "onnx-ad", row["onnx_ad_ms"] / 1e3, row["gradient_ms"] / 1e3


def attack(options):
    data, encoder = (options.material / part for part in ("flickr8k-test", "encoders/flickr8k-cca"))
    subjects = [["--classifiers", *options.classifiers]] if options.classifiers else []
    if data.is_dir() and encoder.is_dir():
        subjects.append(["--dataset", data, "--encoder", encoder, "--limit", 16])
    if not subjects:
        raise RuntimeError("nothing to attack: name --classifiers or --material")
    for subject in subjects:
        report = asked([HERE / "compare_attack.py", *subject, "--nearmiss", options.binary,
                        "--attacks", "pgd", "--steps", 40, "--turns", 1, "--json"])
        for row in report["rows"]:
            steps = {name: found.get("ms_per_step") for name, found in row.get("contestants", {}).items()}
            ours = steps.pop("nearmiss", None)
            for peer, theirs in steps.items():
                if ours and theirs:
                    yield f"PGD step, {row['subject']}", peer, theirs / 1e3, ours / 1e3


COMPARISONS = {"rank": rank, "embed": embed, "learn": learn, "grad": grad, "graphs": graphs, "attack": attack}


def measured(options):
    """The rows of all comparisons, and why others are left out."""
    rows, left_out = [], {}
    for name in options.only or COMPARISONS:
        found, busy = {}, []
        try:
            for turn in range(options.turns):
                print(f"{name}, turn {turn + 1} of {options.turns}", file=sys.stderr)
                with Others() as others:
                    for what, peer, theirs, ours in COMPARISONS[name](options):
                        found.setdefault((what, peer), []).append((theirs, ours))
                if others.cores is not None:
                    busy.append(others.cores)
        except (RuntimeError, ImportError, KeyError, OSError, subprocess.TimeoutExpired) as why:
            left_out[name] = str(why)
            continue
        for (what, peer), turns in found.items():
            ratios = [theirs / ours for theirs, ours in turns]
            middle = statistics.median(ratios)
            row = {
                "comparison": name,
                "what": what,
                "peer": peer,
                "nearmiss_seconds": statistics.median(ours for _, ours in turns),
                "peer_seconds": statistics.median(theirs for theirs, _ in turns),
                "ratio": middle,
                "spread": (max(ratios) - min(ratios)) / middle,
                "others": max(busy) if busy else None,
                "turns": len(turns),
            }
            row["marked"] = row["spread"] > SPREAD or (row["others"] or 0.0) > OTHERS * cores()
            rows.append(row)
    return rows, left_out


def fallen(rows, kept):
    """The rows whose ratio fell by more than a quarter against those kept; what either run marks is no evidence."""
    before = {(row["what"], row["peer"]): row for row in kept if not row["marked"]}
    found = []
    for row in rows:
        old = before.get((row["what"], row["peer"]))
        if old and not row["marked"] and row["ratio"] < FELL * old["ratio"]:
            found.append((row, old))
    return found


def newest(name):
    """The rows kept last for this type of processor."""
    kept = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    kept = [report for report in kept if report["processor"] == name]
    return max(kept, key=lambda report: report["at"], default=None)


def show(rows, left_out):
    print(f"{'':<52}{'against':<22}{'nearmiss s':>12}{'peer s':>12}{'ratio':>8}{'spread':>8}{'others':>8}")
    for row in rows:
        others = "?" if row["others"] is None else f"{row['others']:.2f}"
        mark = " !" if row["marked"] else ""
        print(
            f"{row['what']:<52}{row['peer']:<22}{row['nearmiss_seconds']:>12.5g}{row['peer_seconds']:>12.5g}"
            f"{row['ratio']:>8.2f}{row['spread']:>8.2f}{others:>8}{mark}"
        )
    for name, why in left_out.items():
        print(f"left out: {name}: {why}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("target/release/nearmiss"))
    parser.add_argument("--material", type=pathlib.Path, default=pathlib.Path(os.environ.get("NEARMISS_MATERIAL", "material")))
    parser.add_argument("--models")
    parser.add_argument("--classifiers", nargs="+")
    parser.add_argument("--only", nargs="+", choices=COMPARISONS)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.turns < 1:
        parser.error("--turns is at least 1")
    if not options.binary.exists():
        sys.exit(f"{options.binary}: not there. Build it, or name it with --binary.")
    options.binary = options.binary.resolve()
    rows, left_out = measured(options)
    show(rows, left_out)
    version = subprocess.run([options.binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    report = {
        "version": version,
        "processor": processor(),
        "cores": cores(),
        "at": int(time.time()),
        "python": platform.python_version(),
        "quick": options.quick,
        "rows": rows,
        "left_out": left_out,
    }
    before = newest(report["processor"])
    if options.keep:
        RESULTS.mkdir(exist_ok=True)
        if before and before["version"] == version:
            # What was not asked for this time stays as it was kept.
            asked_for = options.only or COMPARISONS
            report["rows"] += [row for row in before["rows"] if row["comparison"] not in asked_for]
        name = re.sub(r"[^A-Za-z0-9]+", "-", report["processor"]).strip("-")
        place = RESULTS / f"{version}.{name}.json"
        place.with_suffix(".part").write_text(json.dumps(report, indent=1) + "\n")
        place.with_suffix(".part").replace(place)
        print(f"kept: {place}")
    if options.check:
        if before is None:
            print(f"nothing is kept for {report['processor']}: nothing to compare with")
            return
        fell = fallen(rows, before["rows"])
        for row, old in fell:
            print(f"fell: {row['what']} against {row['peer']}: {row['ratio']:.2f}, kept {old['ratio']:.2f} ({before['version']})")
        if fell:
            sys.exit(1)
        print(f"no ratio fell by more than a quarter against {before['version']}")


if __name__ == "__main__":
    main()
