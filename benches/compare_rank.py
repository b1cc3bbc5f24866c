#!/usr/bin/env python3
"""Ranking: nearmiss against FAISS IndexFlatIP (top-k) plus NumPy (all ranks), both directions, on the same vectors.

The two take turns in one run on the same cores; the best of all turns counts. The NumPy side is written to do well:
one blocked product serves the ranks of both directions, and a block never holds more than --block rows.

    pip install faiss-cpu numpy
    cargo build --release
    python benches/compare_rank.py [--images 5000 --captions 25000 --dim 1024]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import faiss
import numpy as np


def unit_vectors(rows, dim, seed):
    vectors = np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def faiss_top_k(images, texts, k):
    for candidates, queries in ((texts, images), (images, texts)):
        index = faiss.IndexFlatIP(candidates.shape[1])
        index.add(candidates)
        index.search(queries, k)


def numpy_ranks(images, texts, offsets, owners, block):
    """Ranks from 1, a tie counting against the positive: I->T by the best caption, T->I by the caption's image."""
    pairs = np.concatenate(
        [np.einsum("ij,ij->i", images[owners[a : a + block]], texts[a : a + block]) for a in range(0, len(texts), block)]
    )
    i2t = np.empty(len(images), np.int64)
    t2i = np.ones(len(texts), np.int64)
    for start in range(0, len(images), block):
        rows = slice(start, min(start + block, len(images)))
        scores = images[rows] @ texts.T
        for row, image in enumerate(range(rows.start, rows.stop)):
            own = slice(offsets[image], offsets[image + 1])
            # Out of the way of both counts.
            best = scores[row, own].max()
            scores[row, own] = -2
            i2t[image] = 1 + np.count_nonzero(scores[row] >= best)
        t2i += np.count_nonzero(scores >= pairs, axis=0)
    return i2t, t2i


def nearmiss(binary, folder, k, repeat, compute):
    command = [binary, "bench", "rank", "--json", "--k", str(k), "--repeat", str(repeat), "--compute", compute]
    command += ["--image-embeds", str(folder / "images.npy"), "--text-embeds", str(folder / "texts.npy")]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def default_binary():
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).parent.parent / "target")
    return str(pathlib.Path(target) / "release" / "nearmiss")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--captions", type=int, default=25000)
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--turns", type=int, default=3, help="times that each takes its turn")
    parser.add_argument("--repeat", type=int, default=2, help="runs in a turn")
    parser.add_argument("--block", type=int, default=512, help="rows of NumPy's product held at once")
    parser.add_argument("--compute", default="auto", choices=["auto", "cpu", "gpu"])
    parser.add_argument("--nearmiss", default=default_binary(), help="the program")
    args = parser.parse_args()
    if not pathlib.Path(args.nearmiss).exists():
        sys.exit(f"{args.nearmiss} is not there: cargo build --release, or --nearmiss PATH")

    faiss.omp_set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    images, texts = unit_vectors(args.images, args.dim, 1), unit_vectors(args.captions, args.dim, 2)
    offsets = np.arange(args.images + 1) * args.captions // args.images
    owners = np.repeat(np.arange(args.images), np.diff(offsets))

    peer, parts, ours, report = [], [], [], {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.save(folder / "images.npy", images)
        np.save(folder / "texts.npy", texts)
        for turn in range(args.turns):
            for _ in range(args.repeat):
                start = time.perf_counter()
                faiss_top_k(images, texts, args.k)
                middle = time.perf_counter()
                numpy_ranks(images, texts, offsets, owners, args.block)
                end = time.perf_counter()
                peer.append(end - start)
                parts.append((middle - start, end - middle))
            report = nearmiss(args.nearmiss, folder, args.k, args.repeat, args.compute)
            ours += report["seconds_all"]
            print(f"turn {turn + 1}: peer {min(peer):.3f} s, nearmiss {min(ours):.3f} s", file=sys.stderr)

    best = int(np.argmin(peer))
    result = {
        "images": args.images,
        "captions": args.captions,
        "dim": args.dim,
        "k": args.k,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "engine": report["engine"],
        "faiss_seconds": parts[best][0],
        "numpy_seconds": parts[best][1],
        "peer_seconds": peer[best],
        "nearmiss_seconds": min(ours),
        "ratio": min(ours) / peer[best],
        "peak_memory_bytes": report["peak_memory_bytes"],
        "embeddings_bytes": report["embeddings_bytes"],
    }
    print(f"{args.images} x {args.captions} x {args.dim}, top {args.k} and all ranks, both directions", file=sys.stderr)
    for name, seconds in [
        ("FAISS IndexFlatIP", parts[best][0]),
        ("NumPy ranks", parts[best][1]),
        ("together", peer[best]),
        (f"nearmiss, {report['engine']}", min(ours)),
    ]:
        print(f"  {name:<36}{seconds:>8.3f} s", file=sys.stderr)
    print(f"  {'nearmiss / (FAISS + NumPy)':<36}{result['ratio']:>8.3f}", file=sys.stderr)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
