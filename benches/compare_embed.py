#!/usr/bin/env python3
"""Embedding images: nearmiss against Pillow + onnxruntime, same library, same batch, taking turns on the same cores.

    pip install numpy onnxruntime pillow
    cargo build --release
    python benches/compare_embed.py DATASET ENCODER [--batch 32] [--workers 0]

DATASET is a folder of pictures that nearmiss can open, ENCODER a folder in Hugging Face layout. Both read the picture
files, resize, crop, normalise and run the image model; nothing is cached. With --workers N the Python side decodes and
resizes in N threads ahead of the model.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import onnxruntime
from PIL import Image

PICTURES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


class Preprocess:
    """preprocessor_config.json of Hugging Face, done with Pillow and NumPy."""

    def __init__(self, path):
        config = json.loads(pathlib.Path(path).read_text())
        size = config.get("size", 224)
        self.resize = config.get("do_resize", True)
        self.shortest, self.exact = None, None
        if isinstance(size, int):
            if config.get("do_center_crop"):
                self.shortest = size
            else:
                self.exact = (size, size)
        elif "shortest_edge" in size:
            self.shortest = size["shortest_edge"]
        else:
            self.exact = (size["height"], size["width"])
        crop = config.get("crop_size") if config.get("do_center_crop") else None
        self.crop = (crop, crop) if isinstance(crop, int) else crop and (crop["height"], crop["width"])
        self.filter = config.get("resample", 2)
        self.scale = config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0
        normalise = config.get("do_normalize", True)
        self.mean = np.array(config["image_mean"] if normalise else [0.0], np.float32)
        self.std = np.array(config["image_std"] if normalise else [1.0], np.float32)
        self.mode = "L" if len(self.mean) == 1 and normalise else "RGB"

    def __call__(self, path):
        picture = Image.open(path).convert(self.mode)
        if self.resize and self.exact:
            picture = picture.resize(self.exact[::-1], self.filter)
        elif self.resize:
            width, height = picture.size
            short, long = min(width, height), max(width, height)
            long = int(self.shortest * long / short)
            target = (self.shortest, long) if width <= height else (long, self.shortest)
            picture = picture.resize(target, self.filter)
        if self.crop:
            height, width = self.crop
            top, left = (picture.height - height) // 2, (picture.width - width) // 2
            picture = picture.crop((left, top, left + width, top + height))
        pixels = np.asarray(picture, np.float32).reshape(picture.height, picture.width, -1)
        return ((pixels * np.float32(self.scale) - self.mean) / self.std).transpose(2, 0, 1)


def image_model(folder):
    for place in (folder, folder / "onnx"):
        for name in ("vision_model.onnx", "visual.onnx", "image_encoder.onnx"):
            if (place / name).exists():
                return place / name
    sys.exit(f"{folder} has no vision_model.onnx, visual.onnx or image_encoder.onnx")


def runtime_library():
    folder = pathlib.Path(onnxruntime.__file__).parent / "capi"
    found = [p for pattern in ("libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll") for p in folder.glob(pattern)]
    return str(sorted(found)[0]) if found else None


def python_turn(session, preprocess, paths, batch, workers):
    name = session.get_inputs()[0].name
    output = session.get_outputs()[0].name
    start = time.perf_counter()
    pool = concurrent.futures.ThreadPoolExecutor(workers) if workers else None
    pixels = pool.map(preprocess, paths) if pool else map(preprocess, paths)
    rows, held = [], []
    for picture in pixels:
        held.append(picture)
        if len(held) == batch:
            rows.append(session.run([output], {name: np.stack(held)})[0])
            held = []
    if held:
        rows.append(session.run([output], {name: np.stack(held)})[0])
    count = len(np.concatenate(rows))
    seconds = time.perf_counter() - start
    if pool:
        pool.shutdown()
    return count / seconds


def default_binary():
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).parent.parent / "target")
    return str(pathlib.Path(target) / "release" / "nearmiss")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=pathlib.Path)
    parser.add_argument("encoder", type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=0, help="threads that decode for Python; 0: a plain loop")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--nearmiss", default=default_binary(), help="the program")
    args = parser.parse_args()
    if not pathlib.Path(args.nearmiss).exists():
        sys.exit(f"{args.nearmiss} is not there: cargo build --release, or --nearmiss PATH")
    paths = sorted(p for p in args.dataset.rglob("*") if p.suffix.lower() in PICTURES)
    if not paths:
        sys.exit(f"{args.dataset} has no pictures")
    session = onnxruntime.InferenceSession(str(image_model(args.encoder)), providers=["CPUExecutionProvider"])
    preprocess = Preprocess(args.encoder / "preprocessor_config.json")

    environment = dict(os.environ)
    if runtime_library():
        environment["ORT_DYLIB_PATH"] = runtime_library()
    command = [args.nearmiss, "bench", "embed", "--dataset", str(args.dataset), "--encoder", str(args.encoder)]
    command += ["--batch", str(args.batch), "--provider", "cpu", "--repeat", "1", "--json"]
    python, ours, report = [], [], {}
    for turn in range(args.turns):
        python.append(python_turn(session, preprocess, paths, args.batch, args.workers))
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
        report = json.loads(done.stdout)
        ours.append(report["images_per_second"])
        print(f"turn {turn + 1}: Python {python[-1]:.1f}, nearmiss {ours[-1]:.1f} images/s", file=sys.stderr)
    if report["images"] != len(paths):
        print(f"Python embedded {len(paths)} images, nearmiss {report['images']}: rates only", file=sys.stderr)
    print(f"  {'Pillow + onnxruntime':<24}{max(python):>8.1f} images/s", file=sys.stderr)
    print(f"  {'nearmiss':<24}{max(ours):>8.1f} images/s", file=sys.stderr)
    print(f"  {'nearmiss / Python':<24}{max(ours) / max(python):>8.2f}", file=sys.stderr)
    print(
        json.dumps(
            {
                "images": report["images"],
                "batch": args.batch,
                "workers": args.workers,
                "onnxruntime": onnxruntime.__version__,
                "python_images_per_second": max(python),
                "nearmiss_images_per_second": max(ours),
                "ratio": max(ours) / max(python),
            }
        )
    )


if __name__ == "__main__":
    main()
