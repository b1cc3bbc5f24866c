#!/usr/bin/env python3
"""Mining: `nearmiss mine` against sentence-transformers' `mine_hard_negatives` (what it finds) and FAISS (how fast).

    pip install numpy faiss-cpu
    pip install sentence-transformers datasets            # for the first part
    cargo build --release
    python benches/compare_mine.py same "$NEARMISS_MATERIAL"
    python benches/compare_mine.py speed [--images 10000 20000 40000 --captions-per-image 5 --dim 512]

The first part gives sentence-transformers the stored embeddings of flickr8k-cca in place of a model and compares query
by query, where the two mean the same. They differ in three things: nearmiss takes captions that differ in case and
punctuation alone for equal, its window counts equal captions, and its window holds as many negatives for a query with
few positives as for one with many. The second mines the hardest 10 both ways; FAISS searches the 10 best of IndexFlatIP both ways, with room for
the positives, which it cannot leave out. The two take turns; the best of all turns counts.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np


def mined(binary, *arguments):
    run = subprocess.run([binary, "mine", *map(str, arguments)], check=True, capture_output=True, text=True)
    return run.stdout


# --- What is found --------------------------------------------------------------------------------------------------
def plain(caption):
    return " ".join(re.findall(r"[\w'-]+", caption.lower()))


def same(binary, material):
    import torch
    from datasets import Dataset
    from sentence_transformers.util import mine_hard_negatives

    material = pathlib.Path(material)
    vectors = material / "encoders/flickr8k-cca"
    images, texts = (np.load(vectors / f"reference_{side}_embeds.npy").astype(np.float32) for side in ("image", "text"))
    lines = [line for line in (material / "flickr8k-test/captions.token.txt").read_text().splitlines() if line.strip()]
    # One of equal captions, so that both count alike; images keep 1 to 5.
    seen, kept = set(), []
    for j, line in enumerate(lines):
        caption = plain(line.split("\t", 1)[1])
        if caption not in seen:
            seen.add(caption)
            kept.append(j)
    texts = texts[kept]
    images, texts = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (images, texts))
    captions = [lines[j].split("\t", 1)[1].strip() for j in kept]
    keys = [lines[j].split("\t", 1)[0].split("#")[0] for j in kept]
    names = list(dict.fromkeys(keys))
    assert len(names) == len(images), "every image keeps a caption"
    rows = dict(zip(names, images)) | dict(zip(captions, texts))

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

    # A window that holds everything where filters look further: theirs is wider by the positives that a query lacks.
    every = len(captions)
    cases = [
        ("i2t", dict(num_negatives=10, range_max=10)),
        ("i2t", dict(num_negatives=3, range_min=5, range_max=40)),
        ("i2t", dict(num_negatives=3, range_max=every, max_score=0.4)),
        ("i2t", dict(num_negatives=3, range_max=every, min_score=0.5)),
        ("i2t", dict(num_negatives=3, range_max=every, max_score=0.5, min_score=0.3, range_min=4)),
        ("i2t", dict(num_negatives=3, range_max=every, absolute_margin=0.1)),
        ("i2t", dict(num_negatives=3, range_max=every, relative_margin=0.2)),
        ("t2i", dict(num_negatives=10, range_max=10)),
        ("t2i", dict(num_negatives=5, range_max=every, absolute_margin=0.05)),
        ("t2i", dict(num_negatives=5, range_max=every, relative_margin=0.1, range_min=2)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        numbers = collections.Counter()
        with open(folder / "captions.token.txt", "w") as out:
            for key, caption in zip(keys, captions):
                out.write(f"{key}#{numbers[key]}\t{caption}\n")
                numbers[key] += 1
        np.save(folder / "i.npy", images)
        np.save(folder / "t.npy", texts)
        for way, options in cases:
            pair = (keys, captions) if way == "i2t" else (captions, keys)
            dataset = Dataset.from_dict({"anchor": pair[0], "positive": pair[1]})
            found = mine_hard_negatives(dataset, Model(), output_format="triplet", verbose=False, **options)
            theirs = collections.defaultdict(list)
            for anchor, negative in zip(found["anchor"], found["negative"]):
                if negative not in theirs[anchor]:
                    theirs[anchor].append(negative)
            command = ["--dataset", folder / "captions.token.txt", "--image-embeds", folder / "i.npy"]
            command += ["--text-embeds", folder / "t.npy", "--direction", way, "--margin-from", "lowest", "--json"]
            for name, value in options.items():
                command += ["--k" if name == "num_negatives" else "--" + name.replace("_", "-"), value]
            ours = collections.defaultdict(list)
            for line in mined(binary, *command).splitlines():
                line = json.loads(line)
                query = line["query"] if way == "i2t" else line["query_text"]
                ours[query].append(line["negative_text"] if way == "i2t" else line["negative"])
            queries = sorted(set(theirs) | set(ours))
            score = lambda q, found: [float(rows[q] @ rows[n]) for n in found]
            # Equal scores come in any order there.
            alike = lambda q: len(theirs[q]) == len(ours[q]) and np.allclose(
                score(q, theirs[q]), score(q, ours[q]), rtol=0, atol=1e-6
            )
            ties = sum(theirs[q] != ours[q] and alike(q) for q in queries)
            differing = [q for q in queries if not alike(q)]
            negatives = sum(map(len, theirs.values()))
            options["range_max"] = "all" if options["range_max"] == every else options["range_max"]
            print(f"{way} {options}: {len(queries)} queries, {negatives} negatives, {len(differing)} queries differ, "
                  f"{ties} but for the order of ties", flush=True)
            for q in differing[:3]:
                print("   ", q, "| theirs", score(q, theirs[q]), "| ours", score(q, ours[q]))


# --- How fast -------------------------------------------------------------------------------------------------------
def unit_vectors(rows, dim, seed):
    vectors = np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def peak(pid):
    """Peak resident memory of a running process in MiB. (That of a finished child counts what it was forked from.)"""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0


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
                while child.poll() is None:
                    most = max(most, peak(child.pid))
                    time.sleep(0.05)
                assert child.returncode == 0
                best["ours"].append(time.perf_counter() - start)
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
