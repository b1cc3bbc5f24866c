#!/usr/bin/env python3
"""Maps: `nearmiss map` against scikit-learn's t-SNE and umap-learn's UMAP on the same embeddings, in one run.

    pip install numpy scikit-learn umap-learn
    cargo build --release
    python benches/compare_map.py real "$NEARMISS_MATERIAL"                    # 1,000 images and 5,000 captions
    python benches/compare_map.py random [--points 100000 --dim 256]           # a mixture of 50 Gaussian clusters

Every map is judged by scikit-learn's own `trustworthiness` of its coordinates (of all points up to 20,000, then of a
part of 5,000 that is laid out with the others but measured among itself: the same part for all). Times are of the whole
layout: for nearmiss what it says in `seconds` (gathering, neighbours, start, steps) and the wall time of the process, for
the others `fit_transform` after one small call that compiles. All run on the same cores.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np


def ours(binary, images, texts, method, each, folder):
    out = folder / f"{method}.npy"
    command = [binary, "map", "--image-embeds", images, "--text-embeds", texts, "--captions-per-image", each]
    command += ["--method", method, "--out", out, "--json"]
    start = time.perf_counter()
    run = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True)
    wall = time.perf_counter() - start
    report = json.loads(run.stdout)
    return np.load(out), report["seconds"], wall, report


def peers(points, which):
    import umap
    from sklearn.manifold import TSNE

    small = np.random.default_rng(0).normal(size=(300, points.shape[1])).astype(np.float32)
    umap.UMAP(n_neighbors=5, n_epochs=5).fit_transform(small)
    for name, make in {
        "umap-learn": lambda: umap.UMAP(),
        "umap-learn, seed 42": lambda: umap.UMAP(random_state=42),
        "scikit-learn t-SNE": lambda: TSNE(random_state=42),
    }.items():
        if name not in which:
            continue
        start = time.perf_counter()
        laid = make().fit_transform(points)
        yield name, laid, time.perf_counter() - start


def trust(points, laid):
    from sklearn.manifold import trustworthiness

    if len(points) > 20_000:
        part = np.random.default_rng(1).choice(len(points), 5_000, replace=False)
        points, laid = points[part], laid[part]
    return trustworthiness(points, laid, n_neighbors=15)


def unit(values):
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["real", "random"])
    parser.add_argument("material", nargs="?")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--binary", default="target/release/nearmiss")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if arguments.what == "real":
            vectors = pathlib.Path(arguments.material) / "encoders/flickr8k-cca"
            images, texts = (np.load(vectors / f"reference_{s}_embeds.npy").astype(np.float32) for s in ("image", "text"))
            which = ["umap-learn", "umap-learn, seed 42", "scikit-learn t-SNE"]
        else:
            random = np.random.default_rng(0)
            middles = random.normal(size=(50, arguments.dim))
            of = random.integers(50, size=arguments.points)
            rows = (middles[of] + 0.8 * random.normal(size=(arguments.points, arguments.dim))).astype(np.float32)
            split = arguments.points // 5
            images, texts = rows[:split], rows[split:]
            which = ["umap-learn"]
        images, texts = unit(images), unit(texts)
        each = len(texts) // len(images)
        paths = folder / "images.npy", folder / "texts.npy"
        for path, rows in zip(paths, (images, texts)):
            np.save(path, rows)
        points = np.concatenate([images, texts])
        print(f"{len(points):,} points of {points.shape[1]} values")
        print(f"{'':26}{'trustworthiness':>16}{'layout s':>10}{'wall s':>9}")
        methods = ["umap", "tsne"] if arguments.what == "real" else ["umap"]
        for method in methods:
            laid, seconds, wall, _ = ours(arguments.binary, *paths, method, each, folder)
            print(f"{'nearmiss ' + method:26}{trust(points, laid):16.4f}{seconds:10.2f}{wall:9.2f}", flush=True)
        for name, laid, seconds in peers(points, which):
            print(f"{name:26}{trust(points, laid):16.4f}{seconds:10.2f}{'':9}", flush=True)
        for method in methods:
            laid, seconds, wall, _ = ours(arguments.binary, *paths, method, each, folder)
            print(f"{'nearmiss ' + method + ', again':26}{trust(points, laid):16.4f}{seconds:10.2f}{wall:9.2f}", flush=True)


if __name__ == "__main__":
    main()
