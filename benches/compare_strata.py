#!/usr/bin/env python3
"""Seconds of one sweep of `nearmiss strata` over all pairs against plain NumPy on the same pairs.

    python benches/compare_strata.py PROGRAM [--images 23600] [--each 5] [--inputs 512] [--outputs 256] [--k 64]
                                             [--loop 400] [--folder DIR]

Needs numpy. Embeddings are made: clusters, so that pairs have something in common. In this one run, on the same pairs and
heads: the program groups once, over one sweep; NumPy (float64, its BLAS with all threads) makes the same factors, then

- products: the inner products of all pairs with the sums of all groups, which a sweep needs at the least, a group at a time;
- loop: single moves of the first pairs of a sweep, each with the sums that all moves before it left, scaled to all pairs.

The objective of the groups that the program found is computed by NumPy too, and has to agree.
"""

import argparse
import csv
import json
import os
import subprocess
import tempfile
import time

import numpy


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--images", type=int, default=23600)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--inputs", type=int, default=512)
    parser.add_argument("--outputs", type=int, default=256)
    parser.add_argument("--k", type=int, default=64)
    parser.add_argument("--loop", type=int, default=400)
    parser.add_argument("--margin", type=float, default=0.2)
    parser.add_argument("--folder")
    return parser.parse_args()


def unit(rows):
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def made(args, random):
    """Images around 200 centres, captions around their images; two images beside what is trained on."""
    centres = random.standard_normal((200, args.inputs))
    images = args.images + 2
    x = unit(centres[random.integers(200, size=images)] + random.standard_normal((images, args.inputs)))
    t = unit(numpy.repeat(x, args.each, axis=0) + 0.8 * random.standard_normal((images * args.each, args.inputs)) / 22.6)
    bound = (6 / (args.inputs + args.outputs)) ** 0.5
    heads = [random.uniform(-bound, bound, (args.outputs, args.inputs)) for _ in range(2)]
    return [a.astype(numpy.float32) for a in (x, t, *heads)]


def signal(x, t, heads, args):
    """The factors d_n of the signal form, [pairs, outputs]."""
    z, v = x @ heads[0].T, unit(t @ heads[1].T)
    norms = numpy.linalg.norm(z, axis=1)
    u = z / norms[:, None]
    count = args.images

    def back(g, images):
        along = (g * u[images]).sum(1, keepdims=True)
        return (g - along * u[images]) / norms[images][:, None]

    d = numpy.zeros((count * args.each, args.outputs))
    for k in range(args.each):
        own = numpy.arange(count) * args.each + k
        w = v[own]
        text, image = numpy.full((2, count), -1)
        best = numpy.full((2, count), -numpy.inf)
        for start in range(0, count, 2048):
            s = u[start : start + 2048] @ w.T
            s[numpy.arange(len(s)), numpy.arange(start, start + len(s))] = -numpy.inf
            text[start : start + len(s)] = s.argmax(1)
            best[0, start : start + len(s)] = s.max(1)
            higher = s.max(0) > best[1]
            image[higher] = s.argmax(0)[higher] + start
            best[1] = numpy.maximum(best[1], s.max(0))
        right = (u * w).sum(1)
        a = numpy.where((args.margin + best[0] - right > 0)[:, None], w[text] - w, 0)
        hinge = args.margin + best[1] - right > 0
        a -= numpy.where(hinge[:, None], w, 0)
        d[own] += back(a, numpy.arange(count))
        b = numpy.where(hinge[:, None], back(w, image), 0)
        numpy.add.at(d, own[image], b)
    return d


def sums(d, x, owners, labels, k):
    return numpy.stack([d[labels == n].T @ x[owners[labels == n]] for n in range(k)])


def loop(d, x, owners, labels, s, squares, count):
    """Seconds of single moves of the first `count` pairs."""
    sizes = numpy.bincount(labels, minlength=len(s)).astype(float)
    totals = numpy.bincount(labels, squares, minlength=len(s))
    flat = s.reshape(len(s), -1).copy()
    began = time.perf_counter()
    for n in range(count):
        g = numpy.outer(d[n], x[owners[n]]).ravel()
        f = sizes * squares[n] - 2 * (flat @ g) + totals
        to, at = f.argmin(), labels[n]
        if to != at and f[to] < f[at]:
            for where, sign in ((at, -1), (to, 1)):
                flat[where] += sign * g
                sizes[where] += sign
                totals[where] += sign * squares[n]
            labels[n] = to
    return time.perf_counter() - began


def main():
    args = arguments()
    x, t, *heads = made(args, numpy.random.default_rng(1))
    pairs = args.images * args.each
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = lambda name: os.path.join(folder, name)
        os.mkdir(path("heads"))
        for name, rows in (("x.npy", x), ("t.npy", t), ("heads/image.npy", heads[0]), ("heads/text.npy", heads[1])):
            numpy.save(path(name), rows)
        command = [args.program, "strata", "--image-embeds", path("x.npy"), "--text-embeds", path("t.npy")]
        command += ["--captions-per-image", str(args.each), "--heads", path("heads"), "--k", str(args.k)]
        command += ["--train", f"0..{args.images}", "--valid", f"{args.images}..{args.images + 2}", "--restarts", "1"]
        # One sweep lowers J by less than 99.9 %, and so ends the descent.
        command += ["--settled", "0.999", "--by", "gradient", "--margin", str(args.margin), "--out", path("out"), "--json"]
        answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        with open(path(f"out/k{args.k}/strata.csv"), newline="") as rows:
            found = numpy.array([int(row["group"]) for row in csv.DictReader(rows)])
    at = answer["k"][0]
    print(f"{pairs} pairs, {args.inputs} to {args.outputs}, {args.k} groups")
    print(f"program: all {answer['seconds']:.1f} s, one sweep with its start {at['seconds']:.1f} s")

    x = unit(x[:-2].astype(float))
    t = unit(t[: -2 * args.each].astype(float))
    heads = [h.astype(float) for h in heads]
    owners = numpy.repeat(numpy.arange(args.images), args.each)
    began = time.perf_counter()
    d = signal(x, t, heads, args)
    print(f"NumPy: factors {time.perf_counter() - began:.1f} s")
    squares = (d * d).sum(1) * (x[owners] ** 2).sum(1)
    s = sums(d, x, owners, found, args.k)
    sizes = numpy.bincount(found, minlength=args.k)
    totals = numpy.bincount(found, squares, minlength=args.k)
    objective = float((sizes * totals - (s * s).sum((1, 2))).sum())
    apart = abs(objective - at["objective"]) / objective
    print(f"objective: program {at['objective']:.9e}, NumPy {objective:.9e}, apart by {apart:.1e}")
    began = time.perf_counter()
    for one in s:
        numpy.einsum("no,no->n", d, x[owners] @ one.T)
    products = time.perf_counter() - began
    took = loop(d, x, owners, found.copy(), s, squares, min(args.loop, pairs)) / min(args.loop, pairs) * pairs
    print(f"NumPy: products alone {products:.1f} s, single moves {took:.0f} s (of {args.loop} pairs, scaled)")
    print(f"ratio: products {products / at['seconds']:.2f}, single moves {took / at['seconds']:.1f}")
    assert apart < 1e-6


if __name__ == "__main__":
    main()
