"""Synthetic scenes of the nearmiss demo: what is in them, how they are drawn, how they are told.

A scene is two or three objects (colour, shape, size, sometimes a pair of equal ones), a relation
between them and a background. A near miss is another scene that differs by one swap: the colours, the sizes,
the shapes or the direction of the relation change places, the words of the caption stay the same.
"""

import math
import random
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

COLOURS = {
    "red": (214, 62, 58), "orange": (236, 140, 48), "yellow": (240, 205, 70), "green": (76, 166, 86),
    "blue": (62, 116, 208), "purple": (134, 84, 184), "pink": (236, 132, 176), "brown": (134, 92, 62),
}
SHAPES = ["circle", "square", "triangle", "star", "diamond", "cross", "ring", "heart"]
BACKGROUNDS = {"white": (246, 245, 242), "grey": (186, 190, 196), "dark": (44, 48, 58)}
RELATIONS = ["left", "right", "above", "below", "inside"]
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
# Never together in a training scene: the held-out scenes ask for composition, not memory.
UNSEEN_PAIRS = {("purple", "heart"), ("orange", "cross"), ("green", "star"), ("pink", "square"), ("blue", "ring")}


@dataclass(frozen=True)
class Thing:
    colour: str
    shape: str
    size: str  # "small" | "large"
    count: int = 1  # 1 | 2

    def noun(self, rng):
        size = {"small": ["small", "little"], "large": ["large", "big"]}[self.size]
        words = f"{rng.choice(size)} {self.colour} {self.shape}"
        if self.count == 2:
            return "two " + words + ("es" if words.endswith("s") else "s")
        return "a " + words

    def seen(self):
        return (self.colour, self.shape) not in UNSEEN_PAIRS


@dataclass(frozen=True)
class Scene:
    a: Thing
    relation: str  # a is <relation> b
    b: Thing
    background: str

    def key(self):
        return (self.a, self.relation, self.b, self.background)

    def seen(self):
        return self.a.seen() and self.b.seen()


def random_thing(rng, size=None, pairs=True):
    return Thing(rng.choice(list(COLOURS)), rng.choice(SHAPES), size or rng.choice(["small", "large"]),
                 2 if pairs and rng.random() < 0.18 else 1)


def random_scene(rng):
    relation = rng.choice(RELATIONS)
    background = rng.choice(list(BACKGROUNDS))
    while True:
        if relation == "inside":
            a = random_thing(rng, "small", pairs=False)
            b = replace(random_thing(rng, "large", pairs=False), shape=rng.choice(["circle", "square", "diamond", "ring"]))
        else:
            a, b = random_thing(rng), random_thing(rng)
        if a.colour != b.colour and a.shape != b.shape:
            return Scene(a, relation, b, background)


def near_misses(scene, rng):
    """Three scenes, each one swap away from `scene`."""
    a, b = scene.a, scene.b
    out = [replace(scene, a=replace(a, colour=b.colour), b=replace(b, colour=a.colour))]
    if scene.relation == "inside":
        other = rng.choice([s for s in SHAPES if s not in (a.shape, b.shape)])
        out.append(replace(scene, a=replace(a, shape=other)))
        out.append(replace(scene, relation=rng.choice(["left", "right", "above", "below"])))
    else:
        out.append(replace(scene, relation=OPPOSITE[scene.relation]))
        if a.size != b.size and rng.random() < 0.5:
            out.append(replace(scene, a=replace(a, size=b.size), b=replace(b, size=a.size)))
        else:
            out.append(replace(scene, a=replace(a, shape=b.shape), b=replace(b, shape=a.shape)))
    return out


def caption(scene, rng):
    a, b = scene.a.noun(rng), scene.b.noun(rng)
    its, are = ("their", "are") if scene.b.count == 2 else ("its", "is")
    is_a = "are" if scene.a.count == 2 else "is"
    forms = {
        "left": [f"{a} to the left of {b}", f"{a} left of {b}", f"{b} with {a} on {its} left",
                 f"there {is_a} {a} on the left and {b} on the right"],
        "right": [f"{a} to the right of {b}", f"{a} right of {b}", f"{b} with {a} on {its} right",
                  f"there {is_a} {a} on the right and {b} on the left"],
        "above": [f"{a} above {b}", f"{a} over {b}", f"{b} with {a} above", f"{b} {are} under {a}"],
        "below": [f"{a} below {b}", f"{a} under {b}", f"{b} with {a} below", f"{b} {are} over {a}"],
        "inside": [f"{a} inside {b}", f"{a} in the middle of {b}", f"{b} with {a} inside", f"{b} {are} around {a}"],
    }
    text = rng.choice(forms[scene.relation])
    ground = scene.background
    text = rng.choice([text, f"{text} on a {ground} background", f"on a {ground} background {text}"])
    return text[0].upper() + text[1:] + " ."


def outline(shape, cx, cy, r):
    """Polygon of a shape that fits in a circle of radius r about (cx, cy)."""
    def ring(points, turn=-90.0):
        return [(cx + q * math.cos(math.radians(turn + t)), cy + q * math.sin(math.radians(turn + t))) for t, q in points]

    if shape == "square":
        return ring([(45, r), (135, r), (225, r), (315, r)])
    if shape == "triangle":
        return ring([(0, r), (120, r), (240, r)])
    if shape == "diamond":
        return [(cx, cy - r), (cx + 0.72 * r, cy), (cx, cy + r), (cx - 0.72 * r, cy)]
    if shape == "star":
        return ring([(36 * i, r if i % 2 == 0 else 0.42 * r) for i in range(10)])
    if shape == "cross":
        w, l = 0.3 * r, 0.92 * r
        return [(cx + x, cy + y) for x, y in [(-w, -l), (w, -l), (w, -w), (l, -w), (l, w), (w, w), (w, l), (-w, l),
                                              (-w, w), (-l, w), (-l, -w), (-w, -w)]]
    if shape == "heart":
        steps = [math.tau * i / 60 for i in range(60)]
        return [(cx + r / 17 * 16 * math.sin(t) ** 3,
                 cy - r / 17 * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)))
                for t in steps]
    raise ValueError(shape)


def draw_thing(pen, thing, cx, cy, r, ground, filled=True):
    colour = COLOURS[thing.colour]
    if thing.shape in ("circle", "ring"):
        pen.ellipse([cx - r, cy - r, cx + r, cy + r], fill=colour)
        if thing.shape == "ring" or not filled:
            q = r * (0.55 if filled else 0.8)
            pen.ellipse([cx - q, cy - q, cx + q, cy + q], fill=ground)
        return
    pen.polygon(outline(thing.shape, cx, cy, r), fill=colour)
    if not filled:
        pen.polygon(outline(thing.shape, cx, cy, 0.74 * r), fill=ground)


def draw(scene, rng, size=128, scale=2):
    """A picture of the scene, `size` pixels square, positions jittered."""
    n = size * scale
    base = BACKGROUNDS[scene.background]
    ground = tuple(max(0, min(255, c + rng.randint(-6, 6))) for c in base)
    image = Image.new("RGB", (n, n), ground)
    pen = ImageDraw.Draw(image)

    def radius(thing):
        r = {"small": 0.105, "large": 0.19}[thing.size] * rng.uniform(0.92, 1.08)
        return n * (r * 0.82 if thing.count == 2 else r)

    def place(thing, x, y, across):
        r = radius(thing)
        if thing.count == 1:
            draw_thing(pen, thing, x * n, y * n, r, ground)
            return
        step = 1.12 * r
        for sign in (-1, 1):
            dx, dy = (0, sign * step) if across else (sign * step, 0)
            draw_thing(pen, thing, x * n + dx, y * n + dy, r, ground)

    def jitter(amount):
        return rng.uniform(-amount, amount)

    if scene.relation == "inside":
        x, y = 0.5 + jitter(0.12), 0.5 + jitter(0.12)
        draw_thing(pen, scene.b, x * n, y * n, n * 0.33, ground, filled=False)
        draw_thing(pen, scene.a, x * n, y * n, n * 0.115, ground)
    else:
        dx, dy = {"left": (-1, 0), "right": (1, 0), "above": (0, -1), "below": (0, 1)}[scene.relation]
        gap = 0.245 + jitter(0.02)
        ox, oy = jitter(0.03), jitter(0.03)
        slide = jitter(0.1)
        across = dx != 0
        ax, ay = (0.5 + ox + dx * gap, 0.5 + oy + slide) if across else (0.5 + ox + slide, 0.5 + oy + dy * gap)
        bx, by = (0.5 + ox - dx * gap, 0.5 + oy - slide) if across else (0.5 + ox - slide, 0.5 + oy - dy * gap)
        place(scene.a, ax, ay, across)
        place(scene.b, bx, by, across)
    return image.resize((size, size), Image.LANCZOS)


def held_out(seed, families=75):
    """Scenes of the demo: families of one scene and its three near misses; every third has an unseen pair."""
    rng = random.Random(seed)
    scenes, keys = [], set()
    while len(scenes) < 4 * families:
        scene = random_scene(rng)
        if len(scenes) % 12 == 0 and scene.seen():
            continue
        family = [scene, *near_misses(scene, rng)]
        if any(s.key() in keys for s in family) or len({s.key() for s in family}) < 4:
            continue
        scenes += family
        keys.update(s.key() for s in family)
    return scenes, keys
