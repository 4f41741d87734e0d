"""The Unicode Bidirectional Algorithm: which way each character of a paragraph runs.

Rules by their names in UAX #9, revision 51 (Unicode 17), https://www.unicode.org/reports/tr9/ (read 2026-11-24).
Levels are resolved once for a whole paragraph and sliced by line: resolving a line by itself turns a number at its
start to the wrong side. Character data is the standard library's `unicodedata`.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from publisher.cards.sequence import ISOLATES, Run, resolve_run

DEPTH = 125
_EMBEDDINGS = {"LRE": "", "RLE": "", "LRO": "L", "RLO": "R"}
_REMOVED = frozenset({*_EMBEDDINGS, "PDF", "BN"})


def resolve(text: str, base: int | None = None) -> tuple[int, list[int]]:
    """Paragraph level (found by P2-P3 where `base` is None) and the level of each character, before L1."""
    classes = [unicodedata.bidirectional(char) or "L" for char in text]
    partners = _partners(classes)
    level = _first_strong(classes, range(len(text)), partners) if base is None else base
    types, explicit = _explicit(classes, level, partners)
    kept = [index for index, kind in enumerate(classes) if kind not in _REMOVED]
    levels = list(explicit)
    for indices in _sequences(classes, explicit, kept, partners):
        sos, eos = _edges(indices, explicit, kept, level, isolated=classes[indices[-1]] in ISOLATES)
        run = Run([text[i] for i in indices], [types[i] for i in indices], explicit[indices[0]], sos, eos)
        for index, resolved in zip(indices, resolve_run(run), strict=True):
            levels[index] = resolved
    for index, kind in enumerate(classes):
        if kind in _REMOVED:
            levels[index] = levels[index - 1] if index else level
    return level, levels


def line_levels(text: str, levels: Sequence[int], base: int) -> list[int]:
    """L1: the levels of one line, with separators and the white space before them or its end at `base`."""
    result, trailing = list(levels), True
    for index in range(len(text) - 1, -1, -1):
        kind = unicodedata.bidirectional(text[index])
        trailing = kind in {"S", "B"} or (trailing and kind in {"WS", "PDI", *ISOLATES, *_REMOVED})
        if trailing:
            result[index] = base
    return result


def visual_order(levels: Sequence[int]) -> list[int]:
    """L2: indices of one line from left to right."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = order[start:end][::-1]
            start = end + 1
    return order


def _partners(classes: Sequence[str]) -> dict[int, int]:
    """BD9: isolate initiators and the PDIs that match them, both ways."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for index, kind in enumerate(classes):
        if kind in ISOLATES:
            open_at.append(index)
        elif kind == "PDI" and open_at:
            start = open_at.pop()
            pairs[start], pairs[index] = index, start
    return pairs


def _first_strong(classes: Sequence[str], span: range, partners: dict[int, int]) -> int:
    """P2, P3: 1 where the first strong character outside isolates is right-to-left, else 0."""
    index = span.start
    while index < span.stop:
        if classes[index] in {"L", "R", "AL"}:
            return int(classes[index] != "L")
        index = partners.get(index, span.stop) if classes[index] in ISOLATES else index + 1
    return 0


class _Directions:
    """The directional status stack of X1-X8: (level, override, opened by an isolate), innermost last."""

    def __init__(self, base: int) -> None:
        self.stack: list[tuple[int, str, bool]] = [(base, "", False)]
        self.lost_isolates = self.lost_embeddings = 0

    def open(self, kind: str, *, rightward: bool) -> None:
        """X2-X5c; what does not fit into the depth is counted, to be closed in step."""
        level, isolate = self.stack[-1][0], kind in ISOLATES
        level = (level + 1) | 1 if rightward else (level + 2) & ~1
        if level <= DEPTH and not self.lost_isolates and not self.lost_embeddings:
            self.stack.append((level, _EMBEDDINGS.get(kind, ""), isolate))
        elif isolate:
            self.lost_isolates += 1
        elif not self.lost_isolates:
            self.lost_embeddings += 1

    def close_isolate(self, *, matched: bool) -> None:
        """X6a."""
        if self.lost_isolates:
            self.lost_isolates -= 1
        elif matched:
            self.lost_embeddings = 0
            while not self.stack.pop()[2]:
                pass

    def close_embedding(self) -> None:
        """X7."""
        if self.lost_isolates:
            return
        if self.lost_embeddings:
            self.lost_embeddings -= 1
        elif len(self.stack) > 1 and not self.stack[-1][2]:
            self.stack.pop()


def _explicit(classes: Sequence[str], base: int, partners: dict[int, int]) -> tuple[list[str], list[int]]:
    """X1-X8: types after overrides, and explicit levels."""
    types, levels, directions = list(classes), [base] * len(classes), _Directions(base)
    for index, kind in enumerate(classes):
        if kind == "PDI":
            directions.close_isolate(matched=index in partners)
        elif kind == "PDF":
            directions.close_embedding()
        levels[index], override, _ = directions.stack[-1]
        if override and kind not in _REMOVED:
            types[index] = override
        if kind in ISOLATES or kind in _EMBEDDINGS:
            directions.open(kind, rightward=_rightward(classes, index, partners))
    return types, levels


def _rightward(classes: Sequence[str], index: int, partners: dict[int, int]) -> bool:
    """Whether the isolate or embedding that starts at `index` runs right to left (X5c for FSI)."""
    if classes[index] != "FSI":
        return classes[index].startswith("R")
    return bool(_first_strong(classes, range(index + 1, partners.get(index, len(classes))), partners))


def _sequences(
    classes: Sequence[str], levels: Sequence[int], kept: Sequence[int], partners: dict[int, int]
) -> Iterator[list[int]]:
    """BD13: the isolating run sequences, each a list of indices."""
    runs: list[list[int]] = []
    for index in kept:
        if runs and levels[runs[-1][-1]] == levels[index]:
            runs[-1].append(index)
        else:
            runs.append([index])
    starts = {run[0]: run for run in runs}
    for run in runs:
        if classes[run[0]] == "PDI" and run[0] in partners:
            continue
        sequence, last = list(run), run[-1]
        while classes[last] in ISOLATES and last in partners:
            sequence += starts[partners[last]]
            last = sequence[-1]
        yield sequence


def _edges(
    indices: Sequence[int], levels: Sequence[int], kept: Sequence[int], base: int, *, isolated: bool
) -> tuple[str, str]:
    """X10: the direction just before and just after a sequence; `isolated`: it ends in an unmatched initiator."""
    first, last = bisect_left(kept, indices[0]), bisect_left(kept, indices[-1])
    before = levels[kept[first - 1]] if first else base
    after = levels[kept[last + 1]] if last + 1 < len(kept) and not isolated else base
    here = levels[indices[0]]
    return "LR"[max(here, before) % 2], "LR"[max(here, after) % 2]
