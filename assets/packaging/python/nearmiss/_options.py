"""The options of each command, by their names on the command line; what each does is said by ``nearmiss help COMMAND``."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Literal, TypedDict, Union

Path = Union[str, "os.PathLike[str]", bytes]
Texts = Union[str, List[str]]
Numbers = Union[int, float, str, List[int], List[float], List[str]]
#: A path, or an array that is written to a temporary file for the time of the command.
Array = Any


class DataOptions(TypedDict, total=False):
    """Which part of a dataset is used."""

    split: str
    language: str
    images: Path


class EncoderOptions(DataOptions, total=False):
    """The encoder, and what it leaves open."""

    image_model: Path
    text_model: Path
    provider: Texts
    preprocess: Path
    image_output: str
    text_output: str
    image_pool: Literal["first", "mean", "last"]
    text_pool: Literal["first", "mean", "last"]
    batch: int
    no_cache: bool


class SourceOptions(EncoderOptions, total=False):
    """Embeddings in place of an encoder."""

    image_embeds: Array
    text_embeds: Array
    similarity: Literal["cosine", "dot"]
    compute: Literal["auto", "cpu", "gpu"]
    captions_per_image: int


class EmbedOptions(EncoderOptions, total=False):
    """``nearmiss embed``."""


class EvalOptions(SourceOptions, total=False):
    """``nearmiss eval``."""

    folds: int
    margin: float
    relevance: Path


class MineOptions(SourceOptions, total=False):
    """``nearmiss mine``."""

    direction: Literal["i2t", "t2i", "both"]
    k: int
    range_min: int
    range_max: int
    min_score: float
    max_score: float
    absolute_margin: float
    relative_margin: float
    margin_below: float
    semi_hard: float
    margin_from: Literal["best", "lowest", "each"]
    sampling: Literal["top", "random"]
    seed: int
    near_equal: float
    keep_equal: bool
    most_uses: int
    drop_doubtful: bool


class MethodOptions(TypedDict, total=False):
    """How an attack goes about it."""

    loss: Literal["margin", "ce", "dlr", "targeted-dlr", "targeted-margin"]
    steps: int
    step: float
    restarts: int
    full: bool
    kappa: float
    seed: int


class AttackOptions(MethodOptions, EncoderOptions, total=False):
    """``nearmiss attack pairs``."""

    norm: Literal["linf", "l2", "l1", "l0", "fourier", "free"]
    band: str
    region: Numbers
    mask: Path
    goal: Literal["lose", "win", "match", "away"]
    at: Numbers
    limit: int
    direction: Literal["i2t", "t2i", "both"]
    transfer: Path
    compute: Literal["auto", "cpu", "gpu"]


class ClassifierOptions(MethodOptions, total=False):
    """``nearmiss attack classifier``."""

    provider: Texts
    compute: Literal["auto", "cpu", "gpu"]


class GradOptions(TypedDict, total=False):
    """``nearmiss grad``."""

    output: str
    dim: Dict[str, int]
    batch: int
    check: int
    provider: Texts
