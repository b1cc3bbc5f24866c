#!/usr/bin/env python3
"""Attacks: nearmiss against torchattacks and Foolbox (through onnx2torch), same model, pictures, epsilon and steps.

    pip install numpy pillow onnx onnxruntime torch onnx2torch torchattacks foolbox
    cargo build --release
    python benches/compare_attack.py --classifiers DIR ... [--dataset D --encoder E] [--attacks pgd apgd worst-case]
        [--steps 10 40] [--apgd-steps 100] [--limit N] [--batch B] [--threads 2] [--turns 3] [--peer-only] [--json]

Contestants take turns on the same cores; a time is the median over the turns, a ratio that of the turns' ratios.
"others" is how many cores other work kept busy meanwhile: a row where that is more than a twentieth, or where the
turns differ by more than a quarter, is marked with "!". Within a turn a contestant that is done in less than a
second runs again, five times at most, and its fastest run counts.

--classifiers: folders with ONNX classifiers, instances.json (model, row, label, verdict) and lower.npy, upper.npy
[rows, values]. The peers know only pictures in [0, 1] and one epsilon, so they attack u in x = lower + (upper -
lower) u, from u = 0.5 with epsilon 0.5: the same set, whole. A success is a margin (largest other logit minus the
label's) of at least 0 in ONNX Runtime, by the file as it is and row by row, for a float32 input inside the box to the
last bit; that holds for every contestant, and nearmiss's own margins are compared with it.

--dataset, --encoder: untargeted, l-inf, on pixels at the model's input: the first --limit pictures against all
captions of the dataset. For the peers the model is the image tower, and the logit of an image the cosine to the best
of its captions, over --temperature; the loss is cross-entropy. A success is a picture with one of its own captions
first before, and none first after; a tie counts against the caption. The peers' results are judged by ONNX Runtime,
nearmiss's figures are those it tells.
The dataset is a folder with captions.token.txt and images/, the encoder one in Hugging Face layout with
reference_text_embeds.npy, rows in file order.

A step is loss and gradient for one picture. The peers' steps are counted at the model, nearmiss tells its own.
"prepare" is what a contestant needs before the first step (onnx2torch's conversion; process start, embedding and
building the gradient graph), and is no part of the time per step. The peers' step is a quarter of epsilon, PGD starts
at random, classifiers are attacked through the cross-entropy by all, and Foolbox has no APGD. worst-case (classifiers only) is compared with torchattacks' PGD, 5 restarts of
100 steps. The peers get the batch size asked for, and weights that need no gradients. Where a file fixes the batch
in a Reshape to [1, ...], theirs is changed to keep the batch; that helps them.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
import torch
from compare_embed import Preprocess, default_binary, image_model, runtime_library
from compare_grad import PAUSE, median_ratio

RESTARTS, RESTART_STEPS = 5, 100  # of the peer's PGD against worst-case
CALLS = 5  # runs in a turn, at most
LIMIT = 1800  # seconds nearmiss may take for one attack
AGREES = 1e-4  # margins, relative to the largest logit: sums in another order


# --- Models ------------------------------------------------------------------------------------------------------


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def converted(path):
    """The file as a PyTorch module that takes batches, and the seconds that took."""
    import onnx2torch

    started = time.perf_counter()
    model = onnx.load(path)
    shapes = {name for node in model.graph.node if node.op_type == "Reshape" for name in node.input[1:2]}
    for tensor in model.graph.initializer:
        if tensor.name in shapes:
            shape = onnx.numpy_helper.to_array(tensor).copy()
            if len(shape) > 1 and shape[0] == 1 and -1 in shape:
                shape[0] = 0
                tensor.CopyFrom(onnx.numpy_helper.from_array(shape, tensor.name))
    module = onnx2torch.convert(model).eval().requires_grad_(False)
    return module, time.perf_counter() - started


class Counted(torch.nn.Module):
    """Counts the pictures of the forward runs that a gradient follows."""

    def __init__(self):
        super().__init__()
        self.steps = 0

    def count(self, images):
        if torch.is_grad_enabled() and images.requires_grad:
            self.steps += len(images)


class Boxes(Counted):
    """A classifier of u in [0, 1]: x = lower + (upper - lower) u. The box of each row is set before it is attacked."""

    def __init__(self, network, shape):
        super().__init__()
        self.network, self.shape, self.lower, self.width = network, shape, None, None

    def of(self, rows, lower, upper):
        self.lower = torch.from_numpy(lower[rows])
        self.width = torch.from_numpy(upper[rows]) - self.lower

    def forward(self, images):
        self.count(images)
        inputs = self.lower + self.width * images.reshape(len(images), -1)
        return self.network(inputs.reshape(len(images), *self.shape))


class Captions(Counted):
    """A classifier of pictures whose classes are the images, by the cosine to the best of each image's captions."""

    def __init__(self, network, preprocess, texts, owners, temperature):
        super().__init__()
        self.network, self.temperature = network, temperature
        self.register_buffer("mean", torch.from_numpy(preprocess.mean).reshape(-1, 1, 1))
        self.register_buffer("std", torch.from_numpy(preprocess.std).reshape(-1, 1, 1))
        self.register_buffer("texts", torch.from_numpy(texts))
        groups = [np.flatnonzero(owners == image) for image in range(owners.max() + 1)]
        most = max(map(len, groups))
        # An image with fewer captions than others has its first one several times: no change to the best.
        padded = np.stack([np.concatenate([group, np.full(most - len(group), group[0])]) for group in groups])
        self.register_buffer("groups", torch.from_numpy(padded))

    def forward(self, images):
        self.count(images)
        embedded = torch.nn.functional.normalize(self.network((images - self.mean) / self.std), dim=1)
        return (embedded @ self.texts.T)[:, self.groups].amax(2) / self.temperature


# --- Peers -------------------------------------------------------------------------------------------------------


def torchattacks_run(model, images, labels, attack, eps, steps, seed):
    import torchattacks

    if attack == "apgd":
        return torchattacks.APGD(model, eps=eps, steps=steps, seed=seed, loss="ce")(images, labels)
    torch.manual_seed(seed)
    return torchattacks.PGD(model, eps=eps, alpha=eps / 4, steps=steps)(images, labels)


def foolbox_run(model, images, labels, attack, eps, steps, seed):
    import foolbox

    torch.manual_seed(seed)
    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
    return foolbox.attacks.LinfPGD(rel_stepsize=0.25, steps=steps)(wrapped, images, labels, epsilons=eps)[1]


PEERS = {
    "torchattacks": (torchattacks_run, ("pgd", "apgd", "worst-case")),
    "foolbox": (foolbox_run, ("pgd",)),
}


def ratio(text):
    """8/255, 0.5/255 or 0.03."""
    over, _, under = text.partition("/")
    return float(over) / float(under or 1)


def batches(count, size):
    return [np.arange(start, min(start + size, count)) for start in range(0, count, size)]


# --- nearmiss ----------------------------------------------------------------------------------------------------


def told(options, arguments):
    """What nearmiss prints as JSON, and the seconds around its own `seconds`."""
    environment = dict(os.environ)
    if runtime_library():
        environment.setdefault("ORT_DYLIB_PATH", runtime_library())
    command = [options.nearmiss, "attack", *map(str, arguments), "--seed", str(options.seed), "--json"]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment)
    wall = time.perf_counter() - started
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise RuntimeError(f"nearmiss: exit status {done.returncode}: {last[:200]}")
    said = json.loads(done.stdout)
    return said, max(0.0, wall - said["seconds"])


def steps_told(said):
    return said["steps_per_second"] * said["seconds"]


# --- Subjects ----------------------------------------------------------------------------------------------------


class Classifier:
    """One ONNX classifier with the boxes of its instances."""

    def __init__(self, folder, name, options):
        entries = [entry for entry in json.loads((folder / "instances.json").read_text()) if entry["model"] == name]
        entries = entries[: options.limit]
        rows = [entry["row"] for entry in entries]
        self.path, self.name, self.options = folder / name, f"{folder.name}/{name.removesuffix('.onnx')}", options
        self.rows, self.count = rows, len(rows)
        self.labels = np.array([entry["label"] for entry in entries], np.int64)
        self.verdicts = np.array([entry["verdict"] for entry in entries])
        self.lower = np.load(folder / "lower.npy").astype(np.float32)[rows]
        self.upper = np.load(folder / "upper.npy").astype(np.float32)[rows]
        self.judge = session(self.path, options.threads)
        self.shape = self.judge.get_inputs()[0].shape[1:]
        network, self.prepare = converted(self.path)
        self.model = Boxes(network, self.shape).eval()
        self.attacks = options.attacks
        logits = self.logits(self.lower)
        self.right = self.margins(self.logits((self.lower + self.upper) / 2)) < 0
        self.model.of(np.arange(self.count), self.lower, self.upper)
        with torch.no_grad():
            error = np.abs(self.model(torch.zeros(self.count, 1, math.prod(self.shape), 1)).numpy() - logits).max()
        if not error <= AGREES * np.abs(logits).max():
            raise RuntimeError(f"onnx2torch's model differs by {error}")

    def logits(self, inputs):
        name = self.judge.get_inputs()[0].name
        return np.concatenate([self.judge.run(None, {name: row.reshape(1, *self.shape)})[0] for row in inputs])

    def margins(self, logits):
        rows, others = np.arange(self.count), logits.copy()
        others[rows, self.labels] = -np.inf
        return others.max(1) - logits[rows, self.labels]

    def judged(self, inputs):
        """Successes by verdict."""
        if inputs.dtype != np.float32 or inputs.shape != self.lower.shape:
            raise RuntimeError(f"saved inputs are {inputs.dtype} {inputs.shape}")
        inside = ((inputs >= self.lower) & (inputs <= self.upper)).all(1)
        logits = self.logits(inputs)
        margins = self.margins(logits)
        won = inside & (margins >= 0)
        verdicts = {kind: self.verdicts == kind for kind in ("sat", "unsat", "unknown")}
        return {
            "success": {kind: [int((won & of).sum()), int(of.sum())] for kind, of in verdicts.items()},
            "success_rate": float(won.mean()),
            "outside_the_box": int((~inside).sum()),
            "sat_rows_missed": [self.rows[k] for k in np.flatnonzero(verdicts["sat"] & ~won)],
        }, margins, np.abs(logits).max()

    def peer(self, run, attack, steps):
        found = (self.lower + self.upper) / 2
        restarts, name = (RESTARTS, "pgd") if attack == "worst-case" else (1, attack)
        for rows in batches(self.count, self.options.batch):
            # torchattacks' APGD leaves these out by itself, but then the boxes would be those of other rows.
            rows = rows[self.right[rows]] if attack == "apgd" else rows
            if not len(rows):
                continue
            self.model.of(rows, self.lower, self.upper)
            images = torch.full((len(rows), 1, math.prod(self.shape), 1), 0.5)
            labels = torch.from_numpy(self.labels[rows])
            best = None
            for restart in range(restarts):
                got = run(self.model, images, labels, name, 0.5, steps, self.options.seed + restart)
                if restarts > 1:
                    with torch.no_grad():
                        logits = self.model(got)
                    won = logits.argmax(1) != labels
                    got = got if best is None else torch.where(won.reshape(-1, 1, 1, 1), got, best)
                best = got
            u = best.detach().numpy().reshape(len(rows), -1)
            inputs = self.lower[rows] + (self.upper[rows] - self.lower[rows]) * u
            found[rows] = np.clip(inputs, self.lower[rows], self.upper[rows])
        return lambda: self.judged(found)[0]

    def nearmiss(self, attack, steps):
        with tempfile.TemporaryDirectory() as scratch:
            folder, arguments = pathlib.Path(scratch), ["classifier", "--model", self.path, "--attack", attack]
            for name, array in (("lower", self.lower), ("upper", self.upper), ("labels", self.labels)):
                np.save(folder / f"{name}.npy", array)
                arguments += [f"--{name}", folder / f"{name}.npy"]
            if attack != "worst-case":
                arguments += ["--steps", steps, "--loss", "ce"]
            said, around = told(self.options, [*arguments, "--save", folder / "adv.npy"])
            saved = np.load(folder / "adv.npy")
        figures, margins, largest = self.judged(saved)
        results = said["results"]
        claimed = np.array([row["margin"] for row in results], np.float64)
        if [row["row"] for row in results] != list(range(self.count)):
            raise RuntimeError("nearmiss: results are not in row order")
        figures["margins_agree"] = bool((np.abs(claimed - margins) <= AGREES * largest).all())
        figures["claims_hold"] = bool(
            all(not row["success"] or margin >= 0 for row, margin in zip(results, margins, strict=True))
        ) and figures["outside_the_box"] == 0
        return said, around, figures


class Retrieval:
    """Pictures of a dataset against all of its captions."""

    def __init__(self, dataset, encoder, options):
        lines = (dataset / "captions.token.txt").read_text(encoding="utf-8").splitlines()
        names = [line.split("#")[0] for line in lines if line.strip()]
        order = {name: image for image, name in enumerate(dict.fromkeys(names))}
        owners = np.array([order[name] for name in names])
        texts = np.load(encoder / "reference_text_embeds.npy").astype(np.float32)
        if len(texts) != len(owners):
            raise RuntimeError(f"{len(texts)} caption embeddings for {len(owners)} captions")
        self.dataset, self.encoder, self.options = dataset, encoder, options
        self.name, self.eps = f"{encoder.name}, {options.eps}", ratio(options.eps)
        self.attacks = [attack for attack in options.attacks if attack != "worst-case"]
        self.texts, self.owners = texts / np.linalg.norm(texts, axis=1, keepdims=True), owners
        self.preprocess = Preprocess(encoder / "preprocessor_config.json")
        chosen = list(order)[: options.limit or len(order)]
        self.count, self.labels = len(chosen), torch.arange(len(chosen))
        self.images = torch.from_numpy(np.stack([self.pixels(dataset / "images" / name) for name in chosen]))
        self.judge = session(image_model(encoder), options.threads)
        network, self.prepare = converted(image_model(encoder))
        self.model = Captions(network, self.preprocess, self.texts, owners, options.temperature).eval()
        self.right = self.ranks(self.images.numpy()) == 1

    def pixels(self, path):
        """[channels, height, width], k / 255: what the encoder's own preprocessing has before it normalises."""
        inputs = self.preprocess(path)
        levels = inputs * self.preprocess.std.reshape(-1, 1, 1) + self.preprocess.mean.reshape(-1, 1, 1)
        return np.rint(levels * 255).astype(np.float32) / np.float32(255)

    def ranks(self, pixels):
        """The best rank of each picture's own captions, from 1."""
        name, found = self.judge.get_inputs()[0].name, []
        mean, std = self.preprocess.mean.reshape(-1, 1, 1), self.preprocess.std.reshape(-1, 1, 1)
        for rows in batches(len(pixels), 32):
            embedded = self.judge.run(None, {name: (pixels[rows] - mean) / std})[0]
            embedded = embedded / np.linalg.norm(embedded, axis=1, keepdims=True)
            for image, scores in zip(rows, embedded @ self.texts.T, strict=True):
                own = self.owners == image
                found.append(1 + np.count_nonzero(scores[~own] >= scores[own].max()))
        return np.array(found)

    def judged(self, pixels):
        delta = (pixels - self.images.numpy()).reshape(self.count, -1)
        ranks = self.ranks(pixels)
        return {
            "success": {"right before": [int((self.right & (ranks > 1)).sum()), int(self.right.sum())]},
            "success_rate": float((self.right & (ranks > 1)).sum() / max(1, self.right.sum())),
            "clean_r1": 100 * float(self.right.mean()),
            "robust_r1": 100 * float((ranks == 1).mean()),
            "mean_linf": float(np.abs(delta).max(1).mean()),
            "mean_l2": float(np.linalg.norm(delta, axis=1).mean()),
        }

    def peer(self, run, attack, steps):
        found = []
        for rows in batches(self.count, self.options.batch):
            found.append(
                run(self.model, self.images[rows], self.labels[rows], attack, self.eps, steps, self.options.seed)
            )
        return lambda: self.judged(torch.cat(found).detach().numpy())

    def nearmiss(self, attack, steps):
        arguments = ["pairs", "--dataset", self.dataset, "--encoder", self.encoder, "--attack", attack]
        arguments += ["--eps", self.options.eps, "--steps", steps, "--limit", self.count]
        said, around = told(self.options, arguments)
        keys = ("success_rate", "mean_linf", "mean_l2")
        figures = {key: said[key] for key in keys} | {"clean_r1": said["clean"]["i2t"]["r1"]}
        figures |= {"robust_r1": said["robust"]["i2t"]["r1"], "quantized_r1": said["quantized"]["i2t"]["r1"]}
        return said, around, figures


# --- The run -----------------------------------------------------------------------------------------------------


def busy_seconds():
    """Processor time that all processes, and this one with its finished children, have used; None if not told."""
    stat = pathlib.Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _, _, irq, softirq, steal = map(int, stat.read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])


def others_between(before, after, seconds):
    return None if before is None else max(0.0, after[0] - before[0] - (after[1] - before[1])) / seconds


def run_once(subject, name, attack, steps):
    """(seconds, steps, seconds to prepare, a function that gives the other figures)."""
    if name == "nearmiss":
        said, around, figures = subject.nearmiss(attack, steps)
        return said["seconds"], steps_told(said), around, lambda: figures
    subject.model.steps = 0
    started = time.perf_counter()
    judge = subject.peer(PEERS[name][0], attack, steps)
    return time.perf_counter() - started, subject.model.steps, subject.prepare, judge


def turn(subject, name, attack, steps):
    """The run of least time per step."""
    runs = []
    while not runs or (len(runs) < CALLS and sum(run[0] for run in runs) < 1):
        runs.append(run_once(subject, name, attack, steps))
    return min(runs, key=lambda run: run[0] / max(run[1], 1))


def compare(subject, attack, steps, options):
    peers = [name for name, (_, attacks) in PEERS.items() if attack in attacks]
    names = peers + ([] if options.peer_only else ["nearmiss"])
    row = {"subject": subject.name, "attack": attack, "steps": steps, "rows": subject.count, "contestants": {}}
    samples, failed = {name: [] for name in names}, {}
    for name in peers:  # the first run pays for imports and buffers
        try:
            run_once(subject, name, attack, 1)
        except Exception as error:  # noqa: BLE001: whatever a peer raises is a result
            failed[name] = f"{type(error).__name__}: {error}"[:300]
    spent, busy = 0.0, 0.0
    for _ in range(options.turns):
        for name in [name for name in names if name not in failed]:
            time.sleep(PAUSE)
            started, before = time.perf_counter(), busy_seconds()
            try:
                seconds, count, around, judge = turn(subject, name, attack, steps)
            except Exception as error:  # noqa: BLE001
                failed[name] = f"{type(error).__name__}: {error}"[:300]
                continue
            wall = time.perf_counter() - started
            others = others_between(before, busy_seconds(), wall)
            if others is not None:
                spent, busy = spent + wall, busy + others * wall
            if not samples[name]:
                row["contestants"][name] = judge()
            samples[name].append((seconds, count, around))
    for name, turns in samples.items():
        if name in failed:
            row["contestants"][name] = {"error": failed[name]}
            continue
        per_step = [1e3 * seconds / max(count, 1) for seconds, count, _ in turns]
        row["contestants"][name] |= {
            "ms_per_step": statistics.median(per_step),
            "seconds": statistics.median(seconds for seconds, _, _ in turns),
            "steps": turns[0][1],
            "prepare_seconds": statistics.median(around for _, _, around in turns),
            "spread": max(per_step) / min(per_step),
        }
        row["contestants"][name]["each_ms_per_step"] = per_step
    row["others"] = busy / spent if spent else None
    done = {name: row["contestants"][name] for name in names if name not in failed}
    if "nearmiss" in done:
        for name in peers:
            if name in done:
                ours, theirs = done["nearmiss"]["each_ms_per_step"], done[name]["each_ms_per_step"]
                row[f"{name}_over_nearmiss"] = median_ratio(theirs, ours)
    return row


def show(row):
    spread = max((found.get("spread", 1.0) for found in row["contestants"].values()), default=1.0)
    noisy = "!" if spread > 1.25 or (row["others"] or 0) > 0.05 else " "
    others = "" if row["others"] is None else f", others {row['others']:.2f}"
    title = row["attack"] if row["attack"] == "worst-case" else f"{row['attack']}-{row['steps']}"
    print(f"{noisy} {row['subject']}, {title}, {row['rows']} rows, spread {spread:.2f}{others}", file=sys.stderr)
    for name, found in row["contestants"].items():
        if "error" in found:
            print(f"    {name:14}{found['error']}", file=sys.stderr)
            continue
        counts = ", ".join(f"{kind} {won}/{of}" for kind, (won, of) in found.get("success", {}).items())
        text = f"    {name:14}{100 * found['success_rate']:6.1f} %  {counts:44}{found['ms_per_step']:9.3f} ms/step"
        text += f"{found['seconds']:9.2f} s{found['prepare_seconds']:8.2f} s prepare"
        for key in ("claims_hold", "margins_agree"):
            text += f"  {key}: NO" if found.get(key) is False else ""
        text += f"  missed {found['sat_rows_missed']}" if found.get("sat_rows_missed") else ""
        text += f"  outside {found['outside_the_box']}" if found.get("outside_the_box") else ""
        text += f"  R@1 {found['clean_r1']:.1f} -> {found['robust_r1']:.1f}" if "robust_r1" in found else ""
        print(text, file=sys.stderr)
    for name in PEERS:
        if f"{name}_over_nearmiss" in row and row["attack"] != "worst-case":
            print(f"    {name} / nearmiss, time per step: {row[f'{name}_over_nearmiss']:.2f}", file=sys.stderr)
    sys.stderr.flush()


def subjects(options):
    """Each made when its turn comes; (name, function)."""
    for folder in options.classifiers:
        models = dict.fromkeys(entry["model"] for entry in json.loads((folder / "instances.json").read_text()))
        for name in models:
            yield f"{folder.name}/{name}", lambda folder=folder, name=name: Classifier(folder, name, options)
    if options.dataset:
        yield options.encoder.name, lambda: Retrieval(options.dataset, options.encoder, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classifiers", type=pathlib.Path, nargs="+", metavar="DIR", default=[])
    parser.add_argument("--dataset", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--encoder", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--attacks", nargs="+", choices=("pgd", "apgd", "worst-case"), default=["pgd", "apgd"])
    parser.add_argument("--steps", type=int, nargs="+", metavar="N", default=[10, 40], help="of PGD")
    parser.add_argument("--apgd-steps", type=int, metavar="N", default=100)
    parser.add_argument("--eps", default="2/255", help="of the pictures, in [0, 1]")
    parser.add_argument("--temperature", type=float, default=0.05, help="of the peers' cross-entropy over images")
    parser.add_argument("--limit", type=int, metavar="N", help="pictures, or rows of each model")
    parser.add_argument("--batch", type=int, default=32, help="pictures the peers take at once")
    parser.add_argument("--threads", type=int, default=2, help="cores for everyone")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nearmiss", default=default_binary(), help="the program")
    parser.add_argument("--peer-only", action="store_true", help="leave nearmiss out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if bool(options.dataset) != bool(options.encoder) or not (options.classifiers or options.dataset):
        parser.error("give --classifiers, or --dataset and --encoder, or both")
    if min(options.threads, options.turns, options.batch, options.limit or 1) < 1:
        parser.error("--threads, --turns, --batch and --limit are at least 1")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    torch.set_num_threads(options.threads)
    rows = []
    for name, make in subjects(options):
        try:
            subject = make()
        except Exception as error:  # noqa: BLE001: a model that onnx2torch refuses is a result
            print(f"  {name}: {type(error).__name__}: {error}", file=sys.stderr)
            rows.append({"subject": name, "error": f"{type(error).__name__}: {error}"[:300]})
            continue
        for attack in subject.attacks:
            counts = {"pgd": options.steps, "apgd": [options.apgd_steps], "worst-case": [RESTART_STEPS]}[attack]
            for steps in counts:
                rows.append(compare(subject, attack, steps, options))
                show(rows[-1])
    if options.json:
        versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
        print(json.dumps({"threads": options.threads, "batch": options.batch, **versions, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
