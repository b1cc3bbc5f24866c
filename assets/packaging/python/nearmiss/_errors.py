"""What goes wrong, and what is warned of."""

from __future__ import annotations

from typing import Optional


class NearmissError(Exception):
    """A command failed.

    ``cause`` says what went wrong, ``file`` about which file or folder (``None`` where it is about none), ``remedy`` what to
    do about it (empty where there is nothing to do). ``exit_code`` is the program's: 1 failed, 2 wrong usage, above 128
    ended by a signal; ``None`` where it did not start.
    """

    def __init__(
        self,
        message: str,
        *,
        cause: Optional[str] = None,
        file: Optional[str] = None,
        remedy: str = "",
        exit_code: Optional[int] = None,
    ) -> None:
        super().__init__(f"{message}\n{remedy}" if remedy else message)
        self.cause = message if cause is None else cause
        self.file = file
        self.remedy = remedy
        self.exit_code = exit_code


class NearmissWarning(UserWarning):
    """A command went well, and the program warns of something about it."""
