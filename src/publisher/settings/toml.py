"""TOML read with care: every problem names file, line and field, and all problems are told at once."""

import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publisher.domain.model import JSON

LINE_END = b"\n"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the settings: where, what, and what to do."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"; {self.remedy}" if self.remedy else "")


class SettingsProblem(Exception):  # noqa: N818  # reads as what it is
    """The settings can't be used; `problems` lists everything that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass
class Document:
    """One parsed TOML file that still knows its lines."""

    path: Path
    data: JSON
    lines: list[str]
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "Document":
        """The file, or an empty document where there is none; SettingsProblem where it is no TOML."""
        content = path.read_bytes() if path.exists() else b""
        try:
            text = content.decode("utf-8-sig")
            return cls(path, tomllib.loads(text), text.splitlines())
        except UnicodeDecodeError as error:
            where = f"{path}:{content[: error.start].count(LINE_END) + 1}"
            raise SettingsProblem([Problem(where, "not UTF-8", "save the file as UTF-8")]) from None
        except tomllib.TOMLDecodeError as error:
            told = re.search(r"at line (\d+)", str(error))
            where = f"{path}:{told[1] if told else len(text.splitlines())}"
            raise SettingsProblem([Problem(where, f"not valid TOML: {error}", "see https://toml.io")]) from None

    def where(self, *keys: str | int) -> str:
        """`file:line` of a key such as ("accounts", "mastodon-en", "visibility"), or of the table around it."""
        names = [key for key in keys if isinstance(key, str)]
        number = next((key for key in keys if isinstance(key, int)), 0)
        for depth in range(len(names), 0, -1):
            if line := self._line(names[:depth], number):
                return f"{self.path}:{line}"
        return self.where(*names) if number else str(self.path)

    def _line(self, names: list[str], number: int) -> int:
        table: list[str] = []
        seen: dict[str, int] = {}
        for index, line in enumerate(self.lines, 1):
            if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?", line):
                table = [part.strip().strip("\"'") for part in header[1].split(".")]
                seen[header[1]] = seen.get(header[1], -1) + 1
                if table == names and seen[header[1]] == number:
                    return index
            elif key := re.match(r"\s*([\w\"'.-]+)\s*=", line):
                parts = [part.strip("\"'") for part in key[1].split(".")]
                if table + parts == names and seen.get(".".join(table), 0) == number:
                    return index
        return 0

    def names(self, kind: str) -> list[str]:
        """The names of the tables `[kind.name]`."""
        value = self.data.get(kind, {})
        if isinstance(value, dict):
            return list(value)
        self.problems.append(Problem(self.where(kind), f"{kind} must be tables", f"write [{kind}.some-name]"))
        return []

    def count(self, kind: str) -> int:
        """How many tables `[[kind]]` there are."""
        value = self.data.get(kind, [])
        if isinstance(value, list):
            return len(value)
        self.problems.append(Problem(self.where(kind), f"{kind} must be a list of tables", f"write [[{kind}]]"))
        return 0

    def table(self, *keys: str | int) -> "TableReader":
        value: Any = self.data
        for key in keys:
            value = value[key] if isinstance(key, int) else value.get(key, {})
        if not isinstance(value, dict):
            self.problems.append(Problem(self.where(*keys), f"{'.'.join(map(str, keys))} must be a table"))
            value = {}
        return TableReader(self, keys, dict(value))


@dataclass
class TableReader:
    """Takes keys out of one table by type; what nobody took is unknown and told so by `done`."""

    document: Document
    keys: tuple[str | int, ...]
    left: JSON

    def take(self, name: str, kind: type | tuple[type, ...], default: Any, words: str) -> Any:
        if name not in self.left:
            if default is ...:
                self.problem(name, f"{name} is missing", f"add `{name} = …` ({words})")
                return None
            return default
        value = self.left.pop(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.problem(name, f"{name} must be {words}, not {value!r}")
            return None if default is ... else default
        return value

    def text(self, name: str, default: Any = ...) -> str:
        return str(self.take(name, str, default, "text") or "")

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.take(name, list, [], "a list of text")
        if not all(isinstance(value, str) for value in values):
            self.problem(name, f"{name} must be a list of text")
            return ()
        return tuple(values)

    def number(self, name: str, default: float) -> float:
        value = self.take(name, (int, float), default, "a number")
        if not 0 <= value < math.inf:
            self.problem(name, f"{name} must be a number from 0 up, not {value}")
            return default
        return float(value)

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self.take(name, bool, default, "true or false"))

    def pairs(self, name: str) -> dict[str, str]:
        values = self.take(name, dict, {}, "a table of text")
        return {key: str(value) for key, value in values.items()}

    def problem(self, name: str, what: str, remedy: str = "") -> None:
        self.document.problems.append(Problem(self.document.where(*self.keys, name), what, remedy))

    def done(self, known: str) -> None:
        """Whatever is left is a typing error or a wish we do not know."""
        for name in self.left:
            self.problem(name, f"unknown setting {name!r}", f"known here: {known}")
