#!/usr/bin/env python3
"""Would a coarse similarity pay, with exact scores only where rounding leaves a comparison open? Counts the open pairs.

    pip install numpy
    python benches/study_screen.py [--images IMAGES.npy --texts TEXTS.npy]

Rows a, b are rounded to a', b' (int8 with one scale a row, or bfloat16). By Cauchy and Schwarz |a.b - a'.b'| is at most
|a - a'| |b| + |a'| |b - b'|, and no better bound holds for every row. A pair is open where its coarse score is within that
bound of the threshold of its image or its caption (the best positive's score), or could be among the ten best. Open pairs
are to be computed again, one by one: a block of 8 x 8 that holds one is no block any more. The sum of hinges needs the score
of every pair within the margin.

Without files: random directions, and rows as CLIP's are (a mean of each side, a spectrum that falls).
"""

import argparse

import numpy as np

K, MARGIN = 10, 0.2


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def int8(x):
    step = np.abs(x).max(axis=1, keepdims=True) / 127
    return (np.round(x / step) * step).astype(np.float32)


def bfloat16(x):
    bits = x.view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)


def study(name, images, texts):
    n, m = len(images), len(texts)
    owner = np.arange(m) * n // m
    scores = images @ texts.T
    own = np.zeros((n, m), bool)
    own[owner, np.arange(m)] = True
    positive = scores[owner, np.arange(m)]
    best = np.full(n, -2.0, np.float32)
    np.maximum.at(best, owner, positive)
    others = np.where(own, -2, scores)
    tenth = np.partition(others, m - K, axis=1)[:, m - K, None], np.partition(others, n - K, axis=0)[n - K]
    print(f"{name}: {n} x {m} x {images.shape[1]}, scores {scores.mean():.2f} +- {scores.std():.2f}")
    for kind, rounded in (("int8", int8), ("bfloat16", bfloat16)):
        a, b = rounded(images), rounded(texts)
        bound = np.linalg.norm(images - a, axis=1)[:, None] + np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(texts - b, axis=1)
        coarse = a @ b.T
        ranks = (np.abs(coarse - best[:, None]) <= bound) | (np.abs(coarse - positive) <= bound)
        open_ = (ranks | (coarse + bound >= tenth[0]) | (coarse + bound >= tenth[1])) & ~own
        blocks = open_[: n // 8 * 8, : m // 8 * 8].reshape(n // 8, 8, -1, 8).any(axis=(1, 3))
        hinges = (coarse + bound >= positive - MARGIN) & ~own
        print(
            f"  {kind:<9} bound {np.median(bound):.4f}, largest error {np.abs(coarse - scores).max():.4f}; open for ranks "
            f"{(ranks & ~own).mean():.2%}, with the ten best {open_.mean():.2%}, 8 x 8 blocks {blocks.mean():.1%}; "
            f"for the sum of hinges {hinges.mean():.1%}"
        )


def like_clip(random, n, each, fall, shared, dim=512, gap=0.83):
    spectrum = np.arange(1, dim + 1) ** -fall
    spectrum /= np.linalg.norm(spectrum)
    draw = lambda rows: random.standard_normal((rows, dim)) * spectrum
    common = draw(n)
    means = unit(draw(2))
    means[1] = 0.25 * means[0] + 0.97 * means[1]
    sides = zip(means, (common, np.repeat(common, each, axis=0)))
    own = np.sqrt(1 - shared**2)
    return [unit(gap * mean + np.sqrt(1 - gap**2) * (shared * c + own * draw(len(c)))) for mean, c in sides]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", help="rows of images (.npy)")
    parser.add_argument("--texts", help="rows of captions (.npy), as many for each image")
    args = parser.parse_args()
    if args.images and args.texts:
        study(args.images, unit(np.load(args.images)), unit(np.load(args.texts)))
        return
    random = np.random.default_rng(0)
    study("random directions", *(unit(random.standard_normal((rows, 512))) for rows in (2000, 10_000)))
    for fall, shared in ((0.5, 0.55), (0.5, 0.8), (0.8, 0.8)):
        study(f"like CLIP's, spectrum 1/k^{fall}, {shared} shared", *like_clip(random, 2000, 5, fall, shared))


if __name__ == "__main__":
    main()
