"""X's own conformance data, read where it lies beside the repository: left out is nothing but what this page names.

`WeightedTweetsCounterTest` is not asked: it is of config v2, which knows no emoji discount.
Of `tlds.yml`, names outside Latin that tlds.py does not list are read as text (they cost more, never less).
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from publisher.domain.links import find_x_urls
from publisher.domain.text import Unit, measure
from publisher.domain.tlds import TLDS

CONFORMANCE = Path(__file__).parents[2].parent / "shared" / "specs" / "twitter-text" / "conformance"
WEIGHTED = ("WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest")
URLS = ("urls", "tco_urls_with_params")
URLS_WITH_INDICES = ("urls_with_indices", "urls_with_directional_markers")


def cases(name: str, *groups: str) -> list[Any]:
    """One parameter a case; without the data one that skips and says so."""
    path = CONFORMANCE / name
    if not path.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"no conformance data at {path}"))]
    tests = yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    return [pytest.param(case, id=case["description"]) for group in groups for case in tests[group]]


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_x_urls(text)]


@pytest.mark.parametrize("case", cases("validate.yml", *WEIGHTED))
def test_weighs_as_x_does(case: dict[str, Any]) -> None:
    assert measure(case["text"], Unit.WEIGHTED) == case["expected"]["weightedLength"]


@pytest.mark.parametrize("case", cases("extract.yml", *URLS))
def test_finds_the_urls_x_finds(case: dict[str, Any]) -> None:
    assert found(case["text"]) == case["expected"]


@pytest.mark.parametrize("case", cases("extract.yml", *URLS_WITH_INDICES))
def test_finds_them_where_x_does(case: dict[str, Any]) -> None:
    expected = [(entity["url"], *entity["indices"]) for entity in case["expected"]]
    assert [(case["text"][start:end], start, end) for start, end in find_x_urls(case["text"])] == expected


@pytest.mark.parametrize("group", ["country", "generic"])
def test_knows_every_latin_top_level_domain_and_those_it_lists(group: str) -> None:
    if not CONFORMANCE.exists():
        pytest.skip(f"no conformance data at {CONFORMANCE}")
    for case in yaml.safe_load((CONFORMANCE / "tlds.yml").read_text(encoding="utf-8"))["tests"][group]:
        name = case["text"].rpartition(".")[2]
        if name.isascii() or name in TLDS:
            assert found(case["text"]) == case["expected"], name


def test_every_country_code_makes_a_bare_name_a_link() -> None:
    if not CONFORMANCE.exists():
        pytest.skip(f"no conformance data at {CONFORMANCE}")
    cases = yaml.safe_load((CONFORMANCE / "tlds.yml").read_text(encoding="utf-8"))["tests"]["country"]
    codes = [case["text"].rpartition(".")[2] for case in cases]
    assert [code for code in codes if len(code) == 2 and code.isascii() and code not in TLDS] == []
