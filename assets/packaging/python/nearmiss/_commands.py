"""One function for each command."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Union

import numpy as np

from ._options import Array
from ._program import StrPath, command, flags, run

if TYPE_CHECKING:
    import numpy.typing as npt
    from typing_extensions import Unpack

    from ._options import (
        AttackOptions,
        ClassifierOptions,
        EmbedOptions,
        EvalOptions,
        GradOptions,
        MineOptions,
    )

Report = Dict[str, Any]
Epsilon = Union[float, str, List[float], List[str]]


@dataclass
class Embedded:
    """What :func:`embed` made."""

    #: ``[images, dim]``, rows in the order of ``names``, as the model gave them.
    images: "npt.NDArray[Any]"
    #: ``[captions, dim]``, grouped by image; ``[0, dim]`` where there are no captions.
    texts: "npt.NDArray[Any]"
    #: The images' names in the dataset.
    names: List[str]
    captions: List[str]
    #: The captions of image ``i`` are ``offsets[i]`` up to ``offsets[i + 1]``.
    offsets: List[int]
    #: What the command prints.
    report: Report = field(repr=False)


class Mined(List[Report]):
    """Hard negatives, one dict each, hardest first within a query; ``data`` is the account of what was opened."""

    data: Optional[Report] = None


@dataclass
class Attacked:
    """What :func:`attack_classifier` found."""

    #: The perturbed rows, in the shape of the bounds.
    inputs: "npt.NDArray[Any]"
    report: Report


@dataclass
class Gradient:
    """What :func:`grad` found."""

    #: The gradient, in the shape of the first target: the model's main input unless ``wrt`` names others.
    values: "npt.NDArray[Any]"
    #: The ONNX file that yields loss, output and gradients, or the product; where one was asked for.
    graph: Optional[Path]
    report: Report
    #: The gradient of each target, by name.
    gradients: "Dict[str, npt.NDArray[Any]]" = field(default_factory=dict)
    #: What ``forward`` made, in the shape of the output, or ``hessian``, one array for each target.
    products: "List[npt.NDArray[Any]]" = field(default_factory=list)


def embed(
    dataset: StrPath, encoder: Optional[StrPath] = None, *, out: Optional[StrPath] = None, **options: "Unpack[EmbedOptions]"
) -> Embedded:
    """Embeds a dataset with an encoder (or with ``image_model`` and ``text_model``).

    ``out`` keeps the files ``image_embeds.npy``, ``text_embeds.npy`` and ``order.json``.
    """
    with _folder() as scratch:
        folder = Path(os.fsdecode(out)) if out is not None else scratch / "out"
        report = command("embed", dataset=dataset, encoder=encoder, out=folder, **options)
        order = json.loads((folder / "order.json").read_text("utf-8"))
        images = np.load(folder / "image_embeds.npy")
        texts = folder / "text_embeds.npy"
        rows = np.load(texts) if texts.exists() else np.empty((0, images.shape[1]), images.dtype)
    return Embedded(images, rows, order["images"], order["captions"], order["offsets"], report)


def evaluate(
    dataset: Optional[StrPath] = None, encoder: Optional[StrPath] = None, **options: "Unpack[EvalOptions]"
) -> Report:
    """Recall, ranks and ranking losses of both directions, in per cent.

    ``evaluate("demo", "demo")``, or of arrays: ``evaluate(image_embeds=a, text_embeds=b, captions_per_image=5)``.
    """
    with _files(options, "image_embeds", "text_embeds") as given:
        report: Report = command("eval", dataset=dataset, encoder=encoder, **given)
    return report


def mine(
    dataset: Optional[StrPath] = None, encoder: Optional[StrPath] = None, **options: "Unpack[MineOptions]"
) -> Mined:
    """Hard negatives of both directions, with score, margin, rank and whether they may fit after all.

    To write a file to train on: ``command("mine", dataset=.., encoder=.., out="train.parquet", format="triplet")``.
    """
    with _files(options, "image_embeds", "text_embeds") as given:
        words = flags({"dataset": dataset, "encoder": encoder, **given})
        lines = [json.loads(line) for line in run(["mine", *words, "--json"]).splitlines() if line]
    mined = Mined(line for line in lines if "query" in line)
    mined.data = next((line["data"] for line in lines if "query" not in line and "data" in line), None)
    return mined


def attack(
    dataset: StrPath,
    encoder: Optional[StrPath] = None,
    *,
    attack: str = "pgd",
    eps: Optional[Epsilon] = None,
    save: Optional[StrPath] = None,
    **options: "Unpack[AttackOptions]",
) -> Report:
    """Attacks the pictures of a set for each recall: clean and robust recall, per epsilon and per picture.

    ``eps`` is in pixels of [0, 1], as a number or as text such as ``"8/255"``, or several; ``save`` keeps the perturbed
    pictures in a folder: PNG in ``pictures/``, as they are in ``exact/`` (``numpy.load``).
    """
    report: Report = command(
        "attack pairs", dataset=dataset, encoder=encoder, attack=attack, eps=eps, save=save, **options
    )
    return report


def attack_classifier(
    model: StrPath, lower: Array, upper: Array, labels: Array, *, attack: str = "worst-case", **options: "Unpack[ClassifierOptions]"
) -> Attacked:
    """Attacks rows of any ONNX classifier, each inside its own box.

    ``lower`` and ``upper`` (``[rows, values]`` or in the model's shape) and ``labels`` (``[rows]``) are arrays or paths.
    """
    with _files({**options, "lower": lower, "upper": upper, "labels": labels}, "lower", "upper", "labels") as given:
        with _folder() as scratch:
            out = scratch / "inputs.npy"
            report = command("attack classifier", model=model, attack=attack, save=out, **given)
            inputs = np.load(out)
    return Attacked(inputs, report)


def grad(
    model: StrPath,
    input: Optional[Array] = None,
    *,
    cotangent: Optional[Array] = None,
    graph: Optional[StrPath] = None,
    wrt: Union[str, Sequence[str]] = (),
    forward: bool = False,
    hessian: bool = False,
    tangents: Sequence[Array] = (),
    **options: "Unpack[GradOptions]",
) -> Gradient:
    """The gradient of an ONNX model's output, times ``cotangent``, with respect to its main input, at ``input``.

    Both are arrays or paths (seeded noise unless given). ``wrt`` names other inputs or weights, ``forward`` and ``hessian``
    also multiply the Jacobian or the Hessian with ``tangents``, one for each target (seeded normal unless given). ``graph``
    writes an ONNX file of standard operators that yields loss, output and gradient, or the product; ``check=16`` compares
    with central differences.
    """
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    ways = {f"tangent{i}": tangent for i, tangent in enumerate(tangents)}
    paths = ("input", "cotangent", *ways)
    with _files({**options, **ways, "input": input, "cotangent": cotangent}, *paths) as given:
        with _folder() as scratch:
            out, second = scratch / "gradient.npz", scratch / "product.npz"
            words: List[StrPath] = [*_operand(model), *(f"--wrt={name}" for name in names)]
            words += [f"--tangent={os.fspath(given.pop(way))}" for way in ways]
            multiplied = {"forward": forward, "hessian": hessian, "save_product": second if forward or hessian else None}
            report = command("grad", *words, save_grad=out, save_graph=graph, **multiplied, **given)
            gradients = _arrays(out)
            products = list(_arrays(second).values()) if forward or hessian else []
    path = None if graph is None else Path(os.fsdecode(graph))
    return Gradient(next(iter(gradients.values())), path, report, gradients, products)


def _arrays(path: Path) -> "Dict[str, npt.NDArray[Any]]":
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _operand(path: StrPath) -> List[StrPath]:
    # A name that begins with a dash is no option.
    name = os.fspath(path)
    dash = name.startswith(b"-") if isinstance(name, bytes) else name.startswith("-")
    return [os.path.abspath(name)] if dash else [name]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nearmiss-") as folder:
        yield Path(folder)


@contextmanager
def _files(options: Any, *names: str) -> Iterator[Dict[str, Any]]:
    """``options`` with the arrays among ``names`` as paths of temporary ``.npy`` files."""
    given = dict(options)
    with ExitStack() as stack:
        arrays = {name: given[name] for name in names if _is_array(given.get(name))}
        if arrays:
            folder = stack.enter_context(_folder())
            for name, array in arrays.items():
                path = folder / f"{name}.npy"
                np.save(path, np.ascontiguousarray(array), allow_pickle=False)
                given[name] = path
        yield given


def _is_array(value: Any) -> bool:
    return value is not None and not isinstance(value, (str, bytes, os.PathLike))
