#!/usr/bin/env python3
"""Seconds a training step of `nearmiss learn` against PyTorch on the CPU: same heads, start, batches and optimizer.

    python benches/compare_learn.py PROGRAM IMAGES.npy TEXTS.npy [--each 5] [--dim 64] [--batch 128] [--steps 900]

Needs numpy and torch. Both run in turns, several times, in this one run; the minimum and the median of each are printed
with their ratio, and the losses of the first epoch of both, which have to agree. PyTorch is eager, with all its threads;
its optimizer is `torch.optim.Adam` or `SGD`, with `fused=True` where that is faster here.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy
import torch


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("images")
    parser.add_argument("texts")
    parser.add_argument("--each", type=int, default=5, help="captions of an image")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--losses", default="sh,mh,infonce")
    parser.add_argument("--optimizers", default="adam,sgd")
    return parser.parse_args()


def orders(images, each, steps, batch, seed=1):
    """Captions of every step: no batch holds an image twice."""
    random = numpy.random.default_rng(seed)
    rows = [random.choice(images, batch, replace=False) * each + random.integers(each, size=batch) for _ in range(steps)]
    return numpy.array(rows, dtype=numpy.int32)


def loss_of(name, s, mask):
    own = s.diagonal()
    if name == "infonce":
        target = torch.arange(len(s))
        z = s / 0.07
        return 0.5 * (torch.nn.functional.cross_entropy(z, target) + torch.nn.functional.cross_entropy(z.t(), target))
    rows = (0.2 + s - own[:, None]).clamp(min=0).masked_fill(mask, 0)
    columns = (0.2 + s - own[None, :]).clamp(min=0).masked_fill(mask, 0)
    if name == "sh":
        return (rows.sum() + columns.sum()) / len(s)
    return (rows.max(1)[0].sum() + columns.max(0)[0].sum()) / len(s)


def pytorch(x, t, each, order, start, name, kind, rate, fused):
    """Seconds a step, and all losses."""
    heads = [torch.nn.Parameter(torch.tensor(w)) for w in start]
    make = torch.optim.Adam if kind == "adam" else torch.optim.SGD
    optimizer = make(heads, lr=rate, fused=fused)
    mask = torch.eye(order.shape[1], dtype=torch.bool)
    order = torch.tensor(order, dtype=torch.int64)
    losses = []
    begin = time.perf_counter()
    for captions in order:
        u = torch.nn.functional.normalize(x[captions // each] @ heads[0].t())
        v = torch.nn.functional.normalize(t[captions] @ heads[1].t())
        loss = loss_of(name, u @ v.t(), mask)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return (time.perf_counter() - begin) / len(order), [float(l) for l in losses]


def main():
    asked = arguments()
    x = torch.tensor(numpy.load(asked.images).astype(numpy.float32))
    t = torch.tensor(numpy.load(asked.texts).astype(numpy.float32))
    x, t = (torch.nn.functional.normalize(rows) for rows in (x, t))
    images = len(x) * 4 // 5
    order = orders(images, asked.each, asked.steps, asked.batch)
    random = numpy.random.default_rng(2)
    most = (6 / (x.shape[1] + asked.dim)) ** 0.5
    start = [random.uniform(-most, most, (asked.dim, x.shape[1])).astype(numpy.float32) for _ in range(2)]
    print(f"{os.cpu_count()} cores, PyTorch {torch.__version__} with {torch.get_num_threads()} threads; "
          f"{x.shape[1]} to {asked.dim} values, batch {asked.batch}, {asked.steps} steps, {asked.turns} turns")
    with tempfile.TemporaryDirectory() as folder:
        numpy.save(f"{folder}/order.npy", order)
        numpy.save(f"{folder}/image.npy", start[0])
        numpy.save(f"{folder}/text.npy", start[1])
        for kind in asked.optimizers.split(","):
            rate = 2e-4 if kind == "adam" else 0.2
            for name in asked.losses.split(","):
                compare(asked, folder, x, t, order, start, images, kind, rate, name)


def compare(asked, folder, x, t, order, start, images, kind, rate, name):
    command = [
        asked.program, "learn", "--image-embeds", asked.images, "--text-embeds", asked.texts,
        "--captions-per-image", str(asked.each), "--train", f"0..{images}", "--valid", f"{images}..{len(x)}",
        "--loss", name, "--dim", str(asked.dim), "--batch", str(asked.batch), "--optimizer", kind, "--lr", str(rate),
        "--epochs", "1", "--init", folder, "--order", f"{folder}/order.npy", "--compute", "cpu", "--json",
    ]
    ours, theirs = [], {False: [], True: []}
    for _ in range(asked.turns):
        run = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["runs"][0]
        ours.append(run["seconds"] / run["steps"])
        for fused in theirs:
            seconds, losses = pytorch(x, t, asked.each, order, start, name, kind, rate, fused)
            theirs[fused].append(seconds)
    mean = sum(losses) / len(losses)
    off = abs(run["epochs"][0]["loss"] / mean - 1)
    best = min(theirs, key=lambda fused: min(theirs[fused]))
    a, b = ours, theirs[best]
    print(f"{kind:5} {name:8} nearmiss {1e3 * min(a):.3f} ms (median {1e3 * statistics.median(a):.3f}), "
          f"PyTorch {1e3 * min(b):.3f} ms (median {1e3 * statistics.median(b):.3f}{', fused' if best else ''}): "
          f"{min(b) / min(a):.2f} x, medians {statistics.median(b) / statistics.median(a):.2f} x; losses agree to {off:.1e}")


if __name__ == "__main__":
    main()
