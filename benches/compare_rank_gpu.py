#!/usr/bin/env python3
"""Ranking on a graphics processor: nearmiss against PyTorch's products with top-k and ranks, both directions.

    pip install numpy torch        # with CUDA
    cargo build --release
    python benches/compare_rank_gpu.py [--size 5000x25000x1024 ...] [--turns 3] [--nearmiss BIN]

Both sides start from rows in host memory and end with ranks and the ten best of every query there; they take turns in one
run, the best of all turns counts. PyTorch does it once with float32 products and once with TF32's, which round to 10 bits:
its ranks are counted only to see how many they change. "products alone" is the bare float32 product on the device, block by
block: what nobody ranks faster than. Without CUDA nothing is compared and nearmiss is timed alone.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

BLOCK = 4096


def unit_vectors(rows, dim, seed):
    vectors = np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def cuda():
    """PyTorch with a device, or why there is none."""
    try:
        import torch
    except ImportError:
        return None, "PyTorch is not installed"
    return (torch, None) if torch.cuda.is_available() else (None, "PyTorch finds no CUDA device")


def products(torch, images, texts):
    """Seconds of the bare products, rows and blocks already on the device."""
    left, right = torch.from_numpy(images).cuda(), torch.from_numpy(texts).cuda().T
    torch.mm(left[:BLOCK], right)
    torch.cuda.synchronize()
    start = time.perf_counter()
    for first in range(0, len(images), BLOCK):
        torch.mm(left[first : first + BLOCK], right)
    torch.cuda.synchronize()
    return time.perf_counter() - start


def torch_ranks(torch, images, texts, owners, k):
    """Ranks and the k best, both directions, as nearmiss counts them: a tie counts against the positive."""
    start = time.perf_counter()
    left, right = torch.from_numpy(images).cuda(), torch.from_numpy(texts).cuda()
    owner = torch.from_numpy(owners).cuda()
    pairs = (left[owner] * right).sum(1)
    i2t = torch.empty(len(images), dtype=torch.int64, device="cuda")
    t2i = torch.ones(len(texts), dtype=torch.int64, device="cuda")
    best = torch.full((k, len(texts)), -2.0, device="cuda")
    where = torch.zeros((k, len(texts)), dtype=torch.int64, device="cuda")
    tops = []
    for first in range(0, len(images), BLOCK):
        scores = left[first : first + BLOCK] @ right.T
        rows = len(scores)
        own = (owner >= first) & (owner < first + rows)
        mine = own.nonzero()[:, 0]
        at = owner[mine] - first
        positive = torch.full((rows,), -2.0, device="cuda")
        positive.scatter_reduce_(0, at, scores[at, mine], "amax")
        scores[at, mine] = -2.0
        i2t[first : first + rows] = 1 + (scores >= positive[:, None]).sum(1)
        t2i += (scores >= pairs).sum(0)
        values, places = scores.topk(k, dim=1)
        tops.append((values.cpu(), places.cpu()))
        values, places = scores.topk(min(k, rows), dim=0)
        best, chosen = torch.cat([best, values]).topk(k, dim=0)
        where = torch.cat([where, places + first]).gather(0, chosen)
    ranks = i2t.cpu().numpy(), t2i.cpu().numpy()
    best.cpu(), where.cpu()
    return time.perf_counter() - start, ranks


def nearmiss(binary, folder, k, repeat):
    command = [binary, "bench", "rank", "--json", "--k", str(k), "--repeat", str(repeat), "--compute", "gpu"]
    command += ["--image-embeds", str(folder / "images.npy"), "--text-embeds", str(folder / "texts.npy")]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def default_binary():
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).parent.parent / "target")
    return str(pathlib.Path(target) / "release" / "nearmiss")


def compare(size, args, torch):
    images, texts = unit_vectors(size[0], size[2], 1), unit_vectors(size[1], size[2], 2)
    owners = np.repeat(np.arange(size[0]), np.diff(np.arange(size[0] + 1) * size[1] // size[0]))
    seconds = {"nearmiss": [], "float32": [], "tf32": [], "products": []}
    changed = None
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.save(folder / "images.npy", images)
        np.save(folder / "texts.npy", texts)
        for turn in range(args.turns):
            report = nearmiss(args.nearmiss, folder, args.k, 1 if turn else 2)
            seconds["nearmiss"] += report["seconds_all"]
            if torch is None:
                continue
            ranks = {}
            for name, rough in [("float32", False), ("tf32", True)]:
                torch.backends.cuda.matmul.allow_tf32 = rough
                took, ranks[name] = torch_ranks(torch, images, texts, owners, args.k)
                seconds[name].append(took)
            torch.backends.cuda.matmul.allow_tf32 = False
            seconds["products"].append(products(torch, images, texts))
            changed = [int((a != b).sum()) for a, b in zip(ranks["float32"], ranks["tf32"])]
    best = {name: min(all_) if all_ else None for name, all_ in seconds.items()}
    work = 2.0 * size[0] * size[1] * size[2]
    row = {"size": list(size), "engine": report["engine"], "seconds": best, "ranks_changed_by_tf32": changed}
    row["gflops"] = {name: work / s / 1e9 if s else None for name, s in best.items()}
    if best["products"]:
        row["part_of_products"] = best["products"] / best["nearmiss"]
        row["ratio"] = {name: best[name] / best["nearmiss"] for name in ("float32", "tf32")}
    print(f"{size[0]} x {size[1]} x {size[2]} on {report['engine']}", file=sys.stderr)
    for name, s in best.items():
        text = f"{s:.3f} s, {work / s / 1e12:.2f} TFLOP/s" if s else "left out"
        print(f"  {name:<12}{text}", file=sys.stderr)
    if best["products"]:
        print(f"  nearmiss reaches {row['part_of_products']:.2f} of the bare product's rate", file=sys.stderr)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", nargs="+", default=["5000x25000x1024", "100000x500000x512"])
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--nearmiss", default=default_binary(), help="the program")
    args = parser.parse_args()
    torch, why = cuda()
    if why:
        print(f"{why}: nearmiss alone", file=sys.stderr)
    sizes = [tuple(map(int, size.split("x"))) for size in args.size]
    print(json.dumps({"left_out": why, "rows": [compare(size, args, torch) for size in sizes]}))


if __name__ == "__main__":
    main()
