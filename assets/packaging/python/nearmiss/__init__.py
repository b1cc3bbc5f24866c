"""See what an image-text model nearly gets wrong, from Python.

>>> import nearmiss
>>> nearmiss.evaluate("demo", "demo")["rsum"]  # doctest: +SKIP
>>> nearmiss.mine("demo", "demo", margin_below=0)[0]  # doctest: +SKIP

Each function starts the program ``nearmiss`` that this package brings, with ``--json``, and gives back what it wrote: dicts,
NumPy arrays, paths of ONNX files. Datasets and encoders are paths (or ``"demo"``), embeddings paths or arrays; every other
option of a command is a keyword: ``--margin-below 0`` is ``margin_below=0``. What goes wrong is a :class:`NearmissError` with
its cause, file and remedy; what the program warns of is a :class:`NearmissWarning`.
"""

from ._commands import (
    Attacked,
    Embedded,
    Gradient,
    Mined,
    attack,
    attack_classifier,
    embed,
    evaluate,
    grad,
    mine,
)
from ._errors import NearmissError, NearmissWarning
from ._program import command, program

__all__ = [
    "Attacked",
    "Embedded",
    "Gradient",
    "Mined",
    "NearmissError",
    "NearmissWarning",
    "attack",
    "attack_classifier",
    "command",
    "embed",
    "evaluate",
    "grad",
    "mine",
    "program",
]
