"""The standard body: published vectors, editions, secrets, and the schema that says the same as the code."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from publisher.cms.base import BadRequest, Source
from publisher.cms.fields import EDITION, HTML_BYTES, NAME, NAMES, PHOTOS, SUMMARY, TITLE, URL
from publisher.cms.standard import EVENTS, STATUSES, Standard
from publisher.domain.model import Kind

DOC = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text(encoding="utf-8")
VECTORS = Path(__file__).parents[3] / "shared" / "specs" / "vectors" / "standard-webhooks.json"
SAMPLES = Path(__file__).parents[1] / "contract" / "samples" / "cms" / "standard.json"
SCHEMA = json.loads(files("publisher.cms").joinpath("standard.schema.json").read_text(encoding="utf-8"))
SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes or more").decode()
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
DATA = {"id": "1", "edition": "en", "title": "Tea", "url": "https://a.example/1"}

SITE = Source("site", "standard", (SECRET,))


def body(**data: Any) -> dict[str, Any]:
    return {"type": "post.published", "timestamp": "2026-11-24T10:00:00Z", "data": {**DATA, **data}}


def read(document: Any, source: Source = SITE) -> Any:
    return Standard(source).read(
        {"content-type": "application/json", "webhook-id": "evt_1"}, json.dumps(document).encode()
    )


def test_the_published_vector() -> None:
    if not VECTORS.exists():
        pytest.skip("the published vectors are not here (../shared/specs/vectors)")
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        at = datetime.fromtimestamp(int(vector["webhook_timestamp"]), UTC)
        signed = Standard(replace(SITE, secrets=(vector["secret"],))).sign(
            vector["payload"].encode(), event_id=vector["webhook_id"], now=at
        )
        assert signed["webhook-signature"] == vector["signature"]
        assert signed["webhook-timestamp"] == vector["webhook_timestamp"]


def test_one_right_signature_among_several_is_enough() -> None:
    cms = Standard(SITE)
    headers = cms.sign(b"{}", event_id="evt_1", now=NOW)
    right = headers["webhook-signature"]
    for several in (f"v1,AAAA {right}", f"{right} v1a,AAAA", f"v2,x {right} v1,y"):
        cms.verify({**headers, "webhook-signature": several}, b"{}", NOW)
    for none in (right.removeprefix("v1,"), right.replace("v1,", "v1a,"), right.replace("v1,", "v1,,")):
        with pytest.raises(BadRequest, match="does not match"):
            cms.verify({**headers, "webhook-signature": none}, b"{}", NOW)


@pytest.mark.parametrize("event_id", ["", "a.b", "a b", "é", "a" * 201, "a\n"])
def test_an_id_that_could_shift_what_is_signed_is_refused(event_id: str) -> None:
    cms = Standard(SITE)
    with pytest.raises(ValueError, match="an event id"):
        cms.sign(b"{}", event_id=event_id, now=NOW)
    with pytest.raises(BadRequest, match="webhook-id"):
        cms.verify({**cms.sign(b"{}", event_id="evt_1", now=NOW), "webhook-id": event_id}, b"{}", NOW)


def secret_of(length: int) -> str:
    return base64.b64encode(b"k" * length).decode()


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_not base64", "short", "whsk_" + secret_of(32), secret_of(23), secret_of(65), "é"]
)
def test_a_secret_out_of_the_spec_is_refused_at_the_start_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 random bytes") as caught:
        Standard(replace(SITE, secrets=(secret,)))
    assert secret == "whsec_" or secret not in str(caught.value)


@pytest.mark.parametrize("secret", [secret_of(24), "whsec_" + secret_of(24), "whsec_" + secret_of(64) + "\n"])
def test_a_secret_within_the_spec_may_come_without_its_prefix(secret: str) -> None:
    assert Standard(replace(SITE, secrets=(secret,))).keys[0].startswith(b"kkkk")


EDITIONS = {"fa": "persian", "zh-hant": "taiwan", "News-EN": "english"}


@pytest.mark.parametrize(
    ("data", "edition"),
    [
        ({"edition": "en"}, "en"),
        ({"edition": "news-en"}, "english"),
        ({"edition": "en", "language": "fa"}, "en"),
        ({"language": "fa"}, "persian"),
        ({"language": "FA_ir"}, "persian"),
        ({"language": "zh-Hant-TW"}, "taiwan"),
        ({"language": "zh-Hans"}, "zh-Hans"),
        ({"language": "sq"}, "sq"),
        ({}, "default"),
        ({"edition": None, "language": ""}, "default"),
    ],
)
def test_the_edition(data: dict[str, Any], edition: str) -> None:
    document = body(**{"edition": None, **data})
    assert read(document, replace(SITE, edition="default", editions=EDITIONS)).post.edition == edition


def test_without_a_header_the_body_names_the_event() -> None:
    incoming = Standard(SITE).read({"content-type": "application/json"}, json.dumps(body()).encode())
    assert len(incoming.event_id) == 64


FULL = body(
    summary="s",
    html="<p>",
    kind="digest",
    author="a",
    categories=["c"],
    tags=["t"],
    photos=[{"url": "https://a.example/1.jpg", "alt": "", "caption": None, "focal": [0, 1]}],
    published_at="2026-11-24T10:00:00+01:00",
    modified_at="2026-11-24T10:00:00.123Z",
    status="published",
    translation_of="2",
)

Change = Callable[[dict[str, Any]], None]


def set_(*path: Any, to: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        inner: Any = document
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return change


def data(name: str, to: Any) -> Change:
    return set_("data", name, to=to)


def photo(name: str, to: Any) -> Change:
    return set_("data", "photos", 0, name, to=to)


# what a document may be changed to, and whether it then still counts
CHANGES: list[tuple[Change, bool]] = [
    (set_("type", to=None), False),
    (set_("type", to=""), False),
    (set_("type", to="user.created"), True),
    (set_("timestamp", to=None), False),
    (set_("timestamp", to="2026-11-24T10:00:00"), False),
    (set_("timestamp", to=1), False),
    (set_("data", to=None), False),
    (set_("data", to={}), False),
    (set_("data", to=[]), False),
    (set_("data", to={"id": "1"}), False),
    (set_("extra", to=1), True),
    (data("extra", {"a": 1}), True),
    (data("id", 1), False),
    (data("id", ""), False),
    (data("id", "1" * 201), False),
    (data("title", ""), False),
    (data("title", "t" * TITLE), True),
    (data("title", "t" * (TITLE + 1)), False),
    (data("url", "ftp://a.example/"), False),
    (data("url", "https://a.example/".ljust(URL, "a")), True),
    (data("url", "https://a.example/".ljust(URL + 1, "a")), False),
    (data("url", "https://user:word@a.example/"), False),
    (data("summary", None), True),
    (data("summary", "s" * SUMMARY), True),
    (data("summary", "s" * (SUMMARY + 1)), False),
    (data("html", 5), False),
    (data("kind", None), True),
    (data("kind", "podcast"), False),
    (data("author", ["a"]), False),
    (data("categories", None), True),
    (data("categories", "c"), False),
    (data("tags", []), True),
    (data("tags", ["t"] * NAMES), True),
    (data("tags", ["t"] * (NAMES + 1)), False),
    (data("tags", [""]), False),
    (data("tags", [1]), False),
    (data("photos", None), True),
    (data("photos", [{"url": "https://a.example/1.jpg"}] * PHOTOS), True),
    (data("photos", [{"url": "https://a.example/1.jpg"}] * (PHOTOS + 1)), False),
    (data("photos", ["https://a.example/1.jpg"]), False),
    (photo("url", None), False),
    (photo("alt", 1), False),
    (photo("focal", None), True),
    (photo("focal", []), True),
    (photo("focal", [0.5]), False),
    (photo("focal", [0.5, 2]), False),
    (photo("focal", [0, True]), False),
    (data("published_at", "yesterday"), False),
    (data("modified_at", ""), True),
    (data("edition", "e" * EDITION), True),
    (data("edition", "e" * (EDITION + 1)), False),
    (data("language", "e" * (EDITION + 1)), False),
    (data("status", "archived"), False),
    (data("status", ""), True),
    (data("translation_of", 2), False),
]


def agrees(document: Any) -> bool:
    """Whether the code takes it; fails where the schema says otherwise."""
    try:
        read(document)
        taken = True
    except BadRequest:
        taken = False
    by_schema: bool = Draft202012Validator(SCHEMA).is_valid(document)
    assert by_schema is taken
    return taken


@pytest.mark.parametrize(("change", "right"), CHANGES)
def test_the_schema_and_the_code_agree(change: Change, right: bool) -> None:  # noqa: FBT001  # a table
    document = json.loads(json.dumps(FULL))
    assert agrees(document)
    change(document)
    assert agrees(document) is right


@pytest.mark.parametrize("kind", [kind for kind, event in EVENTS.items() if event.value in ("unpublish", "delete")])
def test_a_withdrawal_needs_no_more_than_an_id(kind: str) -> None:
    assert agrees({"type": kind, "timestamp": "2026-11-24T10:00:00Z", "data": {"id": "1", "title": 5}})


def test_a_post_that_is_not_public_need_not_be_whole() -> None:
    for status in STATUSES.keys() - {"published"}:
        assert agrees(
            {"type": "post.published", "timestamp": "2026-11-24T10:00:00Z", "data": {"id": "1", "status": status}}
        )


def test_the_schema_is_one_and_names_what_the_code_names() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["type"]["examples"] == list(EVENTS)
    assert [name for name in SCHEMA["$defs"]["post"]["properties"]["kind"]["enum"] if name] == list(Kind)
    assert [name for name in SCHEMA["$defs"]["trace"]["properties"]["status"]["enum"] if name] == list(STATUSES)


def test_the_samples_that_are_taken_fit_the_schema() -> None:
    for case in json.loads(SAMPLES.read_text(encoding="utf-8"))["cases"]:
        if "status" not in case["expect"]:
            assert Draft202012Validator(SCHEMA).is_valid(case["body"]), case["name"]


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    assert found
    return found[1]


def test_the_documented_body_is_taken() -> None:
    document = json.loads(example("json"))
    assert agrees({**document, "data": {**document["data"], "edition": "english"}})
    assert read(document).post.edition == "en"


def test_the_documented_sender_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_WEBHOOK_SECRET", SECRET)
    program, names = example("python").split("urllib.request.urlopen(")[0], dict[str, Any](post=body())
    exec(program, names)
    Standard(SITE).verify(names["headers"], names["body"], datetime.now(UTC))


def test_the_documented_limits_are_the_real_ones() -> None:
    for limit in (EDITION, TITLE, URL, SUMMARY, HTML_BYTES):
        assert f"| {limit:,} " in DOC
    assert f"| {NAMES} of {NAME} |" in DOC
    assert f"| {PHOTOS}; texts {SUMMARY:,} |" in DOC
