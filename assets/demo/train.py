"""Train and export the dual encoder of the nearmiss demo (PyTorch), and draw its scenes.

    python train.py            # writes scenes/, encoder/ and train.log beside this file

The image tower is a small ViT, the text tower a transformer with positions, so it sees word order. The loss is
the max of hinges of VSE++ (Faghri et al., BMVC 2018, eq. 4). Trained with it from the start the towers collapse, as
the paper reports; they are warmed up with the softmax contrastive loss.
The scenes of the demo, and five colour-shape pairs, never occur in training.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import scenes as sc

HERE = Path(__file__).resolve().parent
SIDE, PATCH, LENGTH = 64, 8, 28


class Block(nn.Module):
    def __init__(self, dim, heads, ratio):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, ratio * dim), nn.GELU(), nn.Linear(ratio * dim, dim))

    def forward(self, x, bias=None):
        b, n, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-1, -2) * (d // self.heads) ** -0.5
        if bias is not None:
            scores = scores + bias
        x = x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, d))
        return x + self.mlp(self.norm2(x))


class ImageTower(nn.Module):
    def __init__(self, dim=96, depth=4, heads=4, out=96):
        super().__init__()
        # Three convolutions make the patches: shapes are learned far sooner than from raw 8 x 8 squares.
        self.patches = nn.Sequential(nn.Conv2d(3, 24, 3, 2, 1), nn.GELU(), nn.Conv2d(24, 48, 3, 2, 1), nn.GELU(),
                                     nn.Conv2d(48, dim, 3, 2, 1))
        self.positions = nn.Parameter(0.3 * torch.randn(1, (SIDE // PATCH) ** 2, dim))
        self.blocks = nn.ModuleList([Block(dim, heads, 3) for _ in range(depth)])
        self.norm, self.project = nn.LayerNorm(dim), nn.Linear(dim, out)

    def forward(self, pixel_values):
        x = self.patches(pixel_values).flatten(2).transpose(1, 2) + self.positions
        for block in self.blocks:
            x = block(x)
        return F.normalize(self.project(self.norm(x).mean(1)), dim=-1)


class TextTower(nn.Module):
    def __init__(self, words, dim=96, depth=2, heads=4, out=96):
        super().__init__()
        self.words, self.positions = nn.Embedding(words, dim), nn.Parameter(0.3 * torch.randn(1, LENGTH, dim))
        nn.init.normal_(self.words.weight, std=0.3)  # on a par with the positions, or word order is drowned
        self.blocks = nn.ModuleList([Block(dim, heads, 2) for _ in range(depth)])
        self.norm, self.project = nn.LayerNorm(dim), nn.Linear(dim, out)

    def forward(self, input_ids, attention_mask):
        mask = attention_mask.to(torch.float32)
        x = self.words(input_ids) + self.positions[:, : input_ids.shape[1]]
        bias = (mask[:, None, None, :] - 1.0) * 1e4
        for block in self.blocks:
            x = block(x, bias)
        return F.normalize(self.project(self.norm(x[:, 0])), dim=-1)


def max_of_hinges(scores, same, margin):
    """VSE++ eq. 4, both ways; equal scenes are no negatives of each other."""
    positive = scores.diag()
    rows = (margin + scores - positive[:, None]).clamp(min=0).masked_fill(same, 0)
    columns = (margin + scores - positive[None, :]).clamp(min=0).masked_fill(same, 0)
    return rows.max(1).values.mean() + columns.max(0).values.mean()


def contrastive(scores, same, temperature):
    """Cross-entropy of the positive among all of the batch, both ways."""
    logits = (scores / temperature).masked_fill(same & ~torch.eye(len(scores), dtype=torch.bool), -1e4)
    target = torch.arange(len(scores))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def vocabulary(rng):
    words = set()
    for _ in range(20000):
        words.update(sc.caption(sc.random_scene(rng), rng).lower().split())
    return {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", *sorted(words)])}


def encode(text, vocab):
    ids = [vocab["[CLS]"]] + [vocab.get(w, vocab["[UNK]"]) for w in text.lower().split()]
    return (ids + [0] * LENGTH)[:LENGTH]


def tokenizer_json(vocab):
    cls = vocab["[CLS]"]
    special = [{"id": i, "content": w, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                "special": True} for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]"])]
    return {
        "version": "1.0", "truncation": {"direction": "Right", "max_length": LENGTH, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": LENGTH}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
                    "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": special, "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                           "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [cls], "tokens": ["[CLS]"]}}},
        "decoder": None, "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"},
    }


def to_tensor(images):
    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5


def render(scene, rng):
    return np.asarray(sc.draw(scene, rng).resize((SIDE, SIDE), 3))


def recalls(images, texts, owner):
    scores = (images @ texts.T).numpy()
    i2t = np.mean([owner[row.argmax()] == i for i, row in enumerate(scores)])
    t2i = np.mean([scores[:, j].argmax() == owner[j] for j in range(len(owner))])
    return 100 * i2t, 100 * t2i


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--seed", type=int, default=7)
    args.add_argument("--scenes", type=int, default=12000)
    args.add_argument("--steps", type=int, default=2900)
    args.add_argument("--warm-up", type=int, default=2300)
    args.add_argument("--batch", type=int, default=72)
    args = args.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    log = open(HERE / "train.log", "w")

    def say(text):
        print(text, flush=True)
        log.write(text + "\n")
        log.flush()

    say(f"seed {args.seed} torch {torch.__version__} scenes {args.scenes} steps {args.steps} batch {args.batch}")
    test, forbidden = sc.held_out(args.seed)
    rng = random.Random(args.seed + 1)
    vocab = vocabulary(random.Random(args.seed + 2))
    start = time.time()
    train, pictures, families = [], np.zeros((args.scenes, SIDE, SIDE, 3), np.uint8), []
    while True:
        scene = sc.random_scene(rng)
        family = [s for s in [scene, *sc.near_misses(scene, rng)] if s.key() not in forbidden and s.seen()]
        if len(family) < 2:
            continue
        if len(train) + len(family) > args.scenes:
            break
        families.append(range(len(train), len(train) + len(family)))
        for s in family:
            pictures[len(train)] = render(s, rng)
            train.append(s)
    say(f"drew {len(train)} training scenes in {len(families)} families in {time.time() - start:.0f} s, vocabulary {len(vocab)} words")

    (HERE / "scenes").mkdir(exist_ok=True)
    draw_rng = random.Random(args.seed + 3)
    lines, test_pictures, test_ids, owner = [], [], [], []
    for i, scene in enumerate(test):
        name = f"scenes/{i:03d}.png"
        image = sc.draw(scene, draw_rng)
        image.quantize(64, dither=0).save(HERE / name, optimize=True)
        from PIL import Image
        with Image.open(HERE / name) as saved:
            test_pictures.append(np.asarray(saved.convert("RGB").resize((SIDE, SIDE), 3)))
        captions = []
        while len(captions) < 3:
            text = sc.caption(scene, draw_rng)
            if text not in captions:
                captions.append(text)
        for text in captions:
            lines.append(json.dumps({"file_name": name, "text": text}))
            test_ids.append(encode(text, vocab))
            owner.append(i)
    (HERE / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    test_x, test_t = to_tensor(np.stack(test_pictures)), torch.tensor(test_ids)
    assert max(len(encode(json.loads(l)["text"], vocab)) for l in lines) <= LENGTH

    image_tower, text_tower = ImageTower(), TextTower(len(vocab))
    weights = [*image_tower.parameters(), *text_tower.parameters()]
    say(f"parameters {sum(p.numel() for p in weights)}")
    optimizer = torch.optim.AdamW(weights, lr=1e-3, weight_decay=0.02)
    ramp = lambda s: min(1.0, (s + 1) / 200) * (0.5 * (1 + np.cos(np.pi * s / args.steps)) * 0.98 + 0.02)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, ramp)
    running, start = 0.0, time.time()
    for step in range(args.steps):
        # Unrelated scenes first, then whole families: near misses are worth little before colours are known.
        if step < 400:
            chosen = rng.sample(range(len(train)), args.batch)
        else:
            chosen = [i for f in rng.sample(families, args.batch // 3) for i in f][: args.batch]
        ids = torch.tensor([encode(sc.caption(train[i], rng), vocab) for i in chosen])
        groups = {}
        group = torch.tensor([groups.setdefault(train[i].key(), len(groups)) for i in chosen])
        x, t = image_tower(to_tensor(pictures[chosen])), text_tower(ids, (ids != 0).long())
        scores, same = x @ t.T, group[:, None] == group[None, :]
        hardest = step >= args.warm_up
        loss = max_of_hinges(scores, same, 0.2) if hardest else contrastive(scores, same, 0.05)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 2.0)
        optimizer.step()
        schedule.step()
        running += loss.item()
        if (step + 1) % 100 == 0:
            with torch.no_grad():
                a, b = recalls(image_tower(test_x), text_tower(test_t, (test_t != 0).long()), owner)
            kind = "max of hinges" if hardest else "contrastive"
            say(f"step {step + 1} {kind} {running / 100:.4f}  held out: I->T R@1 {a:.1f}  T->I R@1 {b:.1f}  {time.time() - start:.0f} s")
            running = 0.0

    image_tower.eval(), text_tower.eval()
    out = HERE / "encoder"
    out.mkdir(exist_ok=True)
    batch = torch.export.Dim("batch", min=1, max=4096)
    torch.onnx.export(image_tower, (test_x[:2],), out / "vision_model.onnx", input_names=["pixel_values"],
                      output_names=["image_embeds"], dynamic_shapes={"pixel_values": {0: batch}}, dynamo=True,
                      external_data=False, optimize=True)
    torch.onnx.export(text_tower, (test_t[:2], (test_t[:2] != 0).long()), out / "text_model.onnx",
                      input_names=["input_ids", "attention_mask"], output_names=["text_embeds"],
                      dynamic_shapes={"input_ids": {0: batch}, "attention_mask": {0: batch}}, dynamo=True,
                      external_data=False, optimize=True)
    (out / "tokenizer.json").write_text(json.dumps(tokenizer_json(vocab)))
    (out / "preprocessor_config.json").write_text(json.dumps({
        "do_resize": True, "size": {"height": SIDE, "width": SIDE}, "resample": 3, "do_center_crop": False,
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5], "do_convert_rgb": True}, indent=1))
    total = sum(p.stat().st_size for p in HERE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    say(f"exported, {total / 1e6:.2f} MB altogether")
    log.close()


if __name__ == "__main__":
    main()
