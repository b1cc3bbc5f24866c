"""The program: where it lies, how it is started, what it says."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Union

from ._errors import NearmissError, NearmissWarning

StrPath = Union[str, "os.PathLike[str]", bytes]

#: Seconds that a command has to put away what is half written once it was asked to end.
GRACE = 10.0


def program() -> str:
    """The path of the program: ``NEARMISS_BIN``, else the one that was installed with this package, else one on the path.

    Raises :class:`NearmissError` where there is none.
    """
    chosen = os.environ.get("NEARMISS_BIN")
    if chosen:
        return chosen
    name = "nearmiss.exe" if os.name == "nt" else "nearmiss"
    for folder in _script_folders():
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    found = shutil.which("nearmiss")
    if found:
        return found
    raise NearmissError(
        "the program nearmiss is not where this package was installed, nor on the path",
        remedy="Install the package anew, or set NEARMISS_BIN to the program.",
    )


def _script_folders() -> Iterator[str]:
    yield sysconfig.get_path("scripts")
    # `pip install --user`, and `pip install --target`.
    scheme = sysconfig.get_preferred_scheme("user") if sys.version_info >= (3, 10) else f"{os.name}_user"
    yield sysconfig.get_path("scripts", scheme)
    yield str(Path(__file__).resolve().parent.parent / "bin")


def flags(options: Mapping[str, Any]) -> List[Union[str, bytes]]:
    """``margin_below=0`` as ``--margin-below=0``; ``True`` is the flag alone, ``None`` and ``False`` are left out, a list is one
    value with commas (several flags for ``dim``)."""
    words: List[Union[str, bytes]] = []
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, Mapping):
            # NAME=SIZE, one flag each.
            words += [f"{flag}={key}={item}" for key, item in value.items()]
        elif isinstance(value, bytes):
            words.append(os.fsencode(flag) + b"=" + value)
        elif isinstance(value, (list, tuple, range)):
            words.append(f"{flag}={','.join(str(item) for item in value)}")
        else:
            words.append(f"{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return words


def command(name: str, *arguments: StrPath, **options: Any) -> Any:
    """Runs ``nearmiss NAME ARGUMENTS --OPTIONS --json`` and returns what it prints: ``command("rank", dataset="demo",
    encoder="demo", text="red dog")``. Several words name a command below another: ``"attack caption"``.

    Raises :class:`NearmissError`. On ``KeyboardInterrupt`` the command is ended: what it finished is kept, what is half written
    goes.
    """
    text = run([*name.split(), *arguments, *flags(options), "--json"])
    try:
        return json.loads(text)
    except ValueError as why:
        raise NearmissError(f"nearmiss {name} printed no JSON: {why}", exit_code=0) from why


def run(arguments: Sequence[StrPath]) -> str:
    """Runs the program and returns its standard output."""
    path = program()
    # A window of its own would open for a console program that a program without console starts.
    quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        child = subprocess.Popen(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            creationflags=quiet,
        )
    except OSError as why:
        raise NearmissError(
            f"cannot start {path}: {why.strerror}", file=path, remedy="Set NEARMISS_BIN to the program."
        ) from why
    with child:
        try:
            out, said = child.communicate()
        except BaseException:
            _end(child)
            raise
    text, lines = out.decode("utf-8", "replace"), said.decode("utf-8", "replace").splitlines()
    if child.returncode != 0:
        raise _failure(child.returncode, text, lines)
    for line in filter(None, lines):
        warnings.warn(line[len("warning: ") :] if line.startswith("warning: ") else line, NearmissWarning, stacklevel=4)
    return text


def _environment() -> Dict[str, str]:
    """This Python comes first on the path: the program looks for ONNX Runtime in the Python that it finds there."""
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), path])}


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Asks the command to end, as a keyboard does, and ends it where it does not."""
    if os.name == "posix":
        child.send_signal(signal.SIGINT)
    else:
        child.terminate()
    try:
        # Read on: a full pipe would keep it from ending.
        child.communicate(timeout=GRACE)
    except BaseException:
        child.kill()


def _failure(code: int, text: str, lines: List[str]) -> NearmissError:
    exit_code = 128 - code if code < 0 else code
    # Lines of results may stand before the object of the failure.
    at = text.rfind("\n{\n") + 1
    try:
        fault = json.loads(text[at:])
        message = fault["error"]
    except (ValueError, KeyError, TypeError):
        said = "\n".join(line for line in lines if line) or "it said nothing"
        return NearmissError(f"nearmiss ended with {exit_code}: {said}", exit_code=exit_code)
    return NearmissError(
        message, cause=fault.get("cause"), file=fault.get("file"), remedy=fault.get("remedy") or "", exit_code=exit_code
    )
