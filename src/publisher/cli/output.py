"""How the command line speaks: results on stdout, remarks on stderr, exit codes that scripts can trust."""

import getpass
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any, NoReturn


class Exit(IntEnum):
    """0 ok · 1 failed · 2 usage · 3 partly · 4 sign-in · 5 in doubt · 8 still pending · 75 try later · 130 Ctrl-C."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTLY = 3
    SIGN_IN = 4
    IN_DOUBT = 5
    PENDING = 8
    TRY_LATER = 75
    INTERRUPTED = 130


def actor() -> str:
    """Who acts, for the audit log."""
    try:
        return f"person:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "person:shell"


def remark(text: str) -> None:
    """A note for people, on stderr."""
    print(text, file=sys.stderr)  # noqa: T201  # this is where the command line speaks


def say(text: str) -> None:
    """A result, on stdout."""
    print(text)  # noqa: T201  # as above


def fail(text: str, code: Exit = Exit.FAILED) -> NoReturn:
    """Say what is wrong and end with `code`."""
    remark(text)
    raise SystemExit(int(code))


def as_json(value: Any) -> str:
    """Any result as one line of JSON: times in ISO 8601, dataclasses as objects."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text(_shown(cell)) for cell in row))
    Console().print(drawn)


def _shown(cell: Any) -> str:
    """A value in a table: times to the second, None as nothing."""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else str(_plain(cell))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
