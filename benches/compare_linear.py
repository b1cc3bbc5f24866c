#!/usr/bin/env python3
"""Maximal margins: `nearmiss linear` against cvxpy with Clarabel on the same rows and labels, in one run.

    pip install numpy cvxpy clarabel
    cargo build --release
    python benches/compare_linear.py gaussian [--rows 40 --values 200]     # two groups of normal rows, moved apart
    python benches/compare_linear.py files X.npy Y.npy [--shape 28x28]     # rows of your own

The peer solves the textbook program: the largest m with Z w >= m and a dual norm of w of at most 1. Seconds are those of
one margin each: for nearmiss what it says itself, after it has read the rows; for the peer from an empty problem to its
value, of which the solver's own are told apart. Both run on the same cores, one after the other. Ends with 1 where two
values differ by more than 1e-6 of their size.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import cvxpy as cp
import numpy as np

NORMS = ["l2", "linf", "l1", "flinf"]
AGREE = 1e-6


def ours(binary, x, y, shape):
    command = [binary, "linear", "--x", x, "--y", y, "--optimizers", "gd", "--steps", 1, "--json"]
    command += ["--shape", shape] if shape else []
    run = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True)
    report = json.loads(run.stdout)
    if not report["separable"]:
        sys.exit("no linear classifier tells these groups apart: there are no margins to compare")
    return report["max_margin"], report["shape"]


def fourier(shape):
    """The orthonormal transform of each channel, as a matrix."""
    channels, height, width = shape
    values = channels * height * width
    places = np.eye(values).reshape(values, channels, height, width)
    return np.fft.fft2(places, norm="ortho").reshape(values, values).T


def dual(norm, w, shape):
    if norm == "l2":
        return cp.norm(w, 2)
    if norm == "linf":
        return cp.norm(w, 1)
    if norm == "l1":
        return cp.norm(w, "inf")
    turned = fourier(shape)
    return cp.sum(cp.norm(cp.vstack([turned.real @ w, turned.imag @ w]), 2, axis=0))


def peer(z, norm, shape):
    start = time.perf_counter()
    w, m = cp.Variable(z.shape[1]), cp.Variable()
    problem = cp.Problem(cp.Maximize(m), [z @ w >= m, dual(norm, w, shape) <= 1])
    problem.solve(solver=cp.CLARABEL)
    return problem.value, time.perf_counter() - start, problem.solver_stats.solve_time


def gaussian(rows, values, seed):
    random = np.random.default_rng(seed)
    y = np.where(np.arange(rows) % 2 == 0, 1.0, -1.0)
    along = random.normal(size=values) / np.sqrt(values)
    return random.normal(size=(rows, values)) + 2 * y[:, None] * along, y


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["gaussian", "files"])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--values", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shape")
    parser.add_argument("--binary", default="target/release/nearmiss")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if arguments.what == "gaussian":
            paths = folder / "x.npy", folder / "y.npy"
            for path, array in zip(paths, gaussian(arguments.rows, arguments.values, arguments.seed)):
                np.save(path, array)
        elif len(arguments.paths) == 2:
            paths = arguments.paths
        else:
            parser.error("files: X.npy and Y.npy are needed")
        margins, shape = ours(arguments.binary, *paths, arguments.shape)
        x, y = (np.load(path) for path in paths)
    x = x / 255.0 if x.dtype == np.uint8 else x.astype(float)
    sign = np.where(y.ravel() == y.max(), 1.0, -1.0)
    z = sign[:, None] * x.reshape(len(sign), -1)
    print(f"{z.shape[0]:,} rows of {z.shape[1]:,} values, shape {shape}; cvxpy {cp.__version__}")
    print(f"{'norm':8}{'margin':>16}{'gap':>10}{'differs':>10}{'nearmiss s':>12}{'cvxpy s':>10}{'solver s':>10}")
    agree = True
    for norm in NORMS:
        best = margins[norm]
        if best is None:
            print(f"{norm:8}{'none':>16}", flush=True)
            continue
        value, seconds, solver = peer(z, norm, shape)
        differs = abs(value - best["value"]) / best["value"]
        agree &= differs <= AGREE
        figures = f"{best['value']:16.12f}{best['gap']:10.1e}{differs:10.1e}"
        print(f"{norm:8}{figures}{best['seconds']:12.3f}{seconds:10.3f}{solver:10.3f}", flush=True)
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
