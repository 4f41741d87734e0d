"""Rules W1-W7, N0-N2, I1 and I2 of UAX #9 (see `bidi`): one isolating run sequence at a time.

Bracket pairs: https://www.unicode.org/Public/15.0.0/ucd/BidiBrackets.txt, canonical forms only (read 2026-11-24).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

ISOLATES = frozenset({"LRI", "RLI", "FSI"})
_NEUTRAL = frozenset({"B", "S", "WS", "ON", "PDI", *ISOLATES})
_STRENGTH = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
_JOINS = {"EN": ("CS", "ES"), "AN": ("CS",)}
_STACK = 63
_PAIRS = (
    "()[]{}༺༻༼༽᚛᚜⁅⁆⁽⁾₍₎⌈⌉⌊⌋❨❩❪❫❬❭❮❯❰❱❲❳❴❵⟅⟆⟦⟧⟨⟩⟪⟫⟬⟭⟮⟯⦃⦄⦅⦆⦇⦈⦉⦊⦋⦌⦍⦐⦏⦎⦑⦒⦓⦔⦕⦖⦗⦘⧘⧙⧚⧛⧼⧽"
    "⸢⸣⸤⸥⸦⸧⸨⸩⹕⹖⹗⹘⹙⹚⹛⹜〈〉《》「」『』【】〔〕〖〗〘〙〚〛﹙﹚﹛﹜﹝﹞（）［］｛｝｟｠｢｣"
)
_CLOSE_OF = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
_CLOSERS = frozenset(_PAIRS[1::2])


@dataclass
class Run:
    """Characters of one sequence, their types (changed in place), its level, and what stands at its edges."""

    chars: Sequence[str]
    types: list[str]
    level: int
    sos: str
    eos: str

    @property
    def direction(self) -> str:
        return "LR"[self.level % 2]


def resolve_run(run: Run) -> list[int]:
    """The final level of each character."""
    marks = [kind == "NSM" for kind in run.types]
    _letters(run)
    _numbers(run)
    _brackets(run, marks)
    _neutrals(run)
    odd = run.level % 2
    raised = {"L": odd, "R": 1 - odd, "EN": 2 - odd, "AN": 2 - odd}
    return [run.level + raised[kind] for kind in run.types]


def _letters(run: Run) -> None:
    """W1-W3: marks follow what they stand on, digits after an Arabic letter are Arabic, AL becomes R."""
    before = strong = run.sos
    for index, kind in enumerate(run.types):
        now = before if kind == "NSM" else kind
        if now in {"L", "R", "AL"}:
            strong = now
        before = "ON" if now in ISOLATES or now == "PDI" else now
        run.types[index] = "AN" if now == "EN" and strong == "AL" else "R" if now == "AL" else now


def _numbers(run: Run) -> None:
    """W4-W7: separators and terminators join the number they belong to, or become neutral."""
    types = run.types
    for index in range(1, len(types) - 1):
        before, kind, after = types[index - 1 : index + 2]
        if before == after and kind in _JOINS.get(before, ()):
            types[index] = before
    start = 0
    for kind, group in groupby(list(types)):
        end = start + len(list(group))
        if kind == "ET" and "EN" in types[max(start - 1, 0) : end + 1]:
            types[start:end] = ["EN"] * (end - start)
        start = end
    strong = run.sos
    for index, kind in enumerate(types):
        strong = kind if kind in {"L", "R"} else strong
        if kind in {"ES", "ET", "CS"}:
            types[index] = "ON"
        elif kind == "EN" and strong == "L":
            types[index] = "L"


def _brackets(run: Run, marks: Sequence[bool]) -> None:
    """N0: both brackets of a pair get the direction of what they hold, or of what stands before them."""
    for start, end in _pairs(run):
        inside = {_STRENGTH.get(kind) for kind in run.types[start + 1 : end]} - {None}
        if not inside:
            continue
        direction = run.direction
        if direction not in inside:
            before = (_STRENGTH[kind] for kind in reversed(run.types[:start]) if kind in _STRENGTH)
            other = "R" if direction == "L" else "L"
            direction = other if next(before, run.sos) == other else direction
        for bracket in (start, end):
            after = bracket + 1
            while after < len(marks) and marks[after]:
                after += 1
            run.types[bracket:after] = [direction] * (after - bracket)


def _pairs(run: Run) -> list[tuple[int, int]]:
    """BD16: the pairs of brackets, in the order of their first."""
    found: list[tuple[int, int]] = []
    stack: list[tuple[str, int]] = []
    for index, char in enumerate(run.chars):
        bracket = unicodedata.normalize("NFC", char)
        if run.types[index] != "ON":
            continue
        if bracket in _CLOSE_OF:
            if len(stack) == _STACK:
                break
            stack.append((_CLOSE_OF[bracket], index))
        elif bracket in _CLOSERS:
            match = next((place for place in range(len(stack) - 1, -1, -1) if stack[place][0] == bracket), None)
            if match is not None:
                found.append((stack[match][1], index))
                del stack[match:]
    return sorted(found)


def _neutrals(run: Run) -> None:
    """N1, N2: neutrals between the same direction take it, others that of the embedding."""
    types, start = run.types, 0
    for neutral, group in groupby([kind in _NEUTRAL for kind in types]):
        end = start + len(list(group))
        if neutral:
            before = _STRENGTH[types[start - 1]] if start else run.sos
            after = _STRENGTH[types[end]] if end < len(types) else run.eos
            types[start:end] = [before if before == after else run.direction] * (end - start)
        start = end
