#!/usr/bin/env python3
"""Mining: `nearmiss mine` against sentence-transformers' `mine_hard_negatives` (what it finds) and FAISS (how fast).

    pip install numpy faiss-cpu
    pip install sentence-transformers datasets            # for the first part
    cargo build --release
    python benches/compare_mine.py same "$NEARMISS_MATERIAL"
    python benches/compare_mine.py speed [--images 10000 20000 40000 --captions-per-image 5 --dim 512]

The first part gives sentence-transformers the stored embeddings of flickr8k-cca in place of a model and compares query
by query. The second mines the hardest 10 both ways; FAISS searches the 10 best of IndexFlatIP both ways, with room for
the positives, which it cannot leave out. The two take turns; the best of all turns counts.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np


def mined(binary, *arguments):
    run = subprocess.run([binary, "mine", *map(str, arguments)], check=True, capture_output=True, text=True)
    return run.stdout


# --- What is found --------------------------------------------------------------------------------------------------
def same(binary, material):
    import torch
    from datasets import Dataset
    from sentence_transformers.util import mine_hard_negatives

    folder = pathlib.Path(material) / "encoders/flickr8k-cca"
    files = [folder / "reference_image_embeds.npy", folder / "reference_text_embeds.npy"]
    images, texts = (np.load(f).astype(np.float32) for f in files)
    images, texts = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (images, texts))
    lines = (pathlib.Path(material) / "flickr8k-test/captions.token.txt").read_text().splitlines()
    captions = [line.split("\t", 1)[1].strip() for line in lines if line.strip()]
    names = [f"image {i}" for i in range(len(images))]
    rows = {name: v for name, v in zip(names, images)}
    # Equal texts have equal embeddings, so that a table by text serves.
    rows |= {caption: v for caption, v in zip(captions, texts)}

    class Model:
        """What mine_hard_negatives asks of a model."""

        device = "cpu"

        def encode(self, sentences, **_):
            return np.stack([rows[s] for s in sentences])

        encode_query = encode_document = encode

        def similarity(self, a, b):
            return torch.as_tensor(a) @ torch.as_tensor(b).T

        def similarity_pairwise(self, a, b):
            return (torch.as_tensor(a) * torch.as_tensor(b)).sum(-1)

    first = {caption: j for j, caption in reversed(list(enumerate(captions)))}
    owner = [names[j // 5] for j in range(len(captions))]
    ways = {
        "i2t": (Dataset.from_dict({"anchor": owner, "positive": captions}), lambda text: first[text]),
        "t2i": (Dataset.from_dict({"anchor": captions, "positive": owner}), lambda name: names.index(name)),
    }
    cases = [
        ("i2t", dict(num_negatives=10, range_max=10)),
        ("i2t", dict(num_negatives=3, range_min=5, range_max=40)),
        ("i2t", dict(num_negatives=3, range_max=200, max_score=0.4)),
        ("i2t", dict(num_negatives=3, range_max=200, min_score=0.5)),
        ("i2t", dict(num_negatives=3, range_max=200, absolute_margin=0.1)),
        ("i2t", dict(num_negatives=3, range_max=200, relative_margin=0.2)),
        ("t2i", dict(num_negatives=5, range_max=50, absolute_margin=0.05)),
        ("t2i", dict(num_negatives=5, range_max=50, relative_margin=0.1, range_min=2)),
    ]
    for way, options in cases:
        dataset, row = ways[way]
        found = mine_hard_negatives(dataset, Model(), output_format="triplet", verbose=False, **options)
        theirs = collections.defaultdict(list)
        anchors = {name: i for i, name in enumerate(names)} if way == "i2t" else first
        for anchor, negative in zip(found["anchor"], found["negative"]):
            place = theirs[anchors[anchor]]
            if row(negative) not in place:
                place.append(row(negative))
        arguments = ["--image-embeds", files[0], "--text-embeds", files[1], "--dataset"]
        arguments += [pathlib.Path(material) / "flickr8k-test", "--direction", way, "--margin-from", "lowest", "--json"]
        for name, value in options.items():
            arguments += ["--k" if name == "num_negatives" else "--" + name.replace("_", "-"), value]
        ours = collections.defaultdict(list)
        ids = {}
        for line in mined(binary, *arguments).splitlines():
            line = json.loads(line)
            query = names_of(line["query"], material, ids)
            negative = names_of(line["negative"], material, ids)
            # A caption is known by the first of equal ones.
            query = first[captions[query]] if way == "t2i" else query
            negative = first[captions[negative]] if way == "i2t" else negative
            if negative not in ours[query]:
                ours[query].append(negative)
        queries = sorted(set(theirs) | set(ours))
        differing = [q for q in queries if theirs[q] != ours[q]]
        print(f"{way} {options}: {len(queries)} queries, {len(differing)} differ", flush=True)
        for q in differing[:3]:
            print("   query", q, "theirs", theirs[q], "ours", ours[q])


def names_of(name, material, ids):
    """The row of "name.jpg" or "name.jpg#number"."""
    if not ids:
        lines = (pathlib.Path(material) / "flickr8k-test/captions.token.txt").read_text().splitlines()
        for j, line in enumerate(line for line in lines if line.strip()):
            key = line.split("\t", 1)[0]
            ids[key] = j
            ids.setdefault(key.split("#")[0], j // 5)
    return ids[name]


# --- How fast -------------------------------------------------------------------------------------------------------
def unit_vectors(rows, dim, seed):
    vectors = np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def speed(binary, arguments):
    import faiss

    for count in arguments.images:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            each, dim, k = arguments.captions_per_image, arguments.dim, 10
            images, texts = unit_vectors(count, dim, 1), unit_vectors(count * each, dim, 2)
            files = [os.path.join(folder, "i.npy"), os.path.join(folder, "t.npy")]
            np.save(files[0], images)
            np.save(files[1], texts)
            size = (images.nbytes + texts.nbytes) / 2**20
            command = [binary, "mine", "--image-embeds", files[0], "--text-embeds", files[1], "--k", str(k)]
            command += ["--captions-per-image", str(each), "--out", os.path.join(folder, "n.jsonl"), "--json"]
            best = {"ours": [], "faiss": []}
            most = 0
            for _ in range(arguments.turns):
                start = time.perf_counter()
                child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                _, status, usage = os.wait4(child.pid, 0)
                assert status == 0
                best["ours"].append(time.perf_counter() - start)
                most = max(most, usage.ru_maxrss / 1024)
                if arguments.faiss:
                    start = time.perf_counter()
                    for base, queries, room in ((texts, images, each), (images, texts, 1)):
                        index = faiss.IndexFlatIP(dim)
                        index.add(base)
                        index.search(queries, k + room)
                    best["faiss"].append(time.perf_counter() - start)
            ours = min(best["ours"])
            pairs = count * count * each
            line = f"{count} x {count * each} x {dim}: nearmiss {ours:.1f} s ({pairs / ours / 1e6:.0f} M pairs/s), "
            line += f"peak {most:.0f} MiB, embeddings {size:.0f} MiB, above them {most - size:.0f} MiB"
            if best["faiss"]:
                theirs = min(best["faiss"])
                line += f"; FAISS {theirs:.1f} s, ratio {theirs / ours:.2f}"
            print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["same", "speed"])
    parser.add_argument("material", nargs="?")
    parser.add_argument("--binary", default="target/release/nearmiss")
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 20_000, 40_000])
    parser.add_argument("--captions-per-image", type=int, default=5)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--folder")
    parser.add_argument("--no-faiss", dest="faiss", action="store_false")
    arguments = parser.parse_args()
    if arguments.part == "same":
        if not arguments.material:
            sys.exit("give the folder of the material")
        same(arguments.binary, arguments.material)
    else:
        speed(arguments.binary, arguments)


if __name__ == "__main__":
    main()
