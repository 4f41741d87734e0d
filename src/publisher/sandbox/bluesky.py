"""A Bluesky PDS and what the app shows of it: recorded from PDS 0.5.35; lexicons com.atproto.repo.* (2026-08-20).

Readers see a post as it was created: putRecord changes the record, not the post (as the real app does; unverified for
2026-11). Collections other than app.bsky.feed.post are refused. `swapCommit` is not looked at.
"""

import time
from typing import Any, ClassVar

from publisher.sandbox import cbor
from publisher.sandbox.accounts import profile
from publisher.sandbox.bluesky_records import POST, TID, RecordError, blobs, check_record, facet_problems, facets
from publisher.sandbox.bluesky_sessions import Sessions, refused
from publisher.sandbox.network import Route
from publisher.sandbox.state import Media, Post, Span, described
from publisher.sandbox.wire import Answer, Request, reply

BLOB_BYTES = 5 * 1024 * 1024
POINTS, CREATE, PUT, DELETE = (5000, 3600), 3, 2, 1
BASE32_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
Record = dict[str, Any]


class Bluesky(Sessions):
    brand = "Bluesky"

    def reset(self) -> None:
        super().reset()
        self.records: dict[tuple[str, str], Record] = {}
        self.blobs: dict[str, tuple[str, Media]] = {}
        self.points: dict[str, int] = {}

    # ---- com.atproto.repo ----------------------------------------------------------------------------------------
    def upload(self, request: Request) -> Answer:
        """Any bytes up to 5 MiB; the type is told from the bytes. Limits of a use are checked where it is used."""
        name = self.known(request)
        if len(request.body) > BLOB_BYTES:
            raise refused(413, "PayloadTooLarge", "request entity too large")
        media = self.world.picture(request.body)
        mime = media.mime if media else request.content_type or "application/octet-stream"
        link = cbor.cid(cbor.RAW, request.body)
        if media:
            self.blobs[link] = (name, media)
        value = {"$type": "blob", "ref": {"$link": link}, "mimeType": mime, "size": len(request.body)}
        return reply(200, {"blob": value})

    def create(self, request: Request) -> Answer:
        name = self.known(request)
        body, rkey = self._write(name, request, rkey_required=False)
        if (name, rkey) in self.records:
            raise refused(500, "InternalServerError", "Internal Server Error")
        return self._store(name, rkey, body["record"])

    def put(self, request: Request) -> Answer:
        name = self.known(request)
        body, rkey = self._write(name, request, rkey_required=True)
        old, new = self.records.get((name, rkey)), body["record"]
        if "swapRecord" in body and body["swapRecord"] != (cbor.record_cid(old) if old else None):
            raise refused(400, "InvalidSwap", f"Record was at {cbor.record_cid(old) if old else 'null'}")
        if old == new:
            return reply(200, _written(name, rkey, new))
        return self._store(name, rkey, new)

    def delete(self, request: Request) -> Answer:
        """Nothing happens where there is no such record."""
        name = self.known(request)
        self._repo(name, request.fields.get("repo"))
        rkey = str(request.fields.get("rkey", ""))
        if self.records.pop((name, rkey), None) is None:
            return reply(200, {})
        post = self.world.find("bluesky", _uri(name, rkey), name)
        if post:
            post.deleted = True
        return reply(200, {"commit": self._commit(name)})

    def get(self, request: Request) -> Answer:
        name, rkey = self._owner(request), request.query.get("rkey", "")
        record = self.records.get((name, rkey))
        if record is None:
            raise refused(400, "RecordNotFound", f"Could not locate record: {_uri(name, rkey)}")
        return reply(200, {"uri": _uri(name, rkey), "cid": cbor.record_cid(record), "value": record})

    def listing(self, request: Request) -> Answer:
        """Newest key first; `cursor` is the last key of the page before."""
        name, most = self._owner(request), request.query.get("limit", "50")
        if not most.isdigit() or not 1 <= int(most) <= 100:
            raise refused(400, "InvalidRequest", "Error: limit must be between 1 and 100")
        cursor = request.query.get("cursor", "~")
        keys = sorted((rkey for owner, rkey in self.records if owner == name and rkey < cursor), reverse=True)[
            : int(most)
        ]
        found = [(rkey, self.records[name, rkey]) for rkey in keys]
        records = [{"uri": _uri(name, key), "cid": cbor.record_cid(record), "value": record} for key, record in found]
        return reply(200, {"records": records} | ({"cursor": keys[-1]} if keys else {}))

    # ---- rules ---------------------------------------------------------------------------------------------------
    def _owner(self, request: Request) -> str:
        """Whose repo a public read is about."""
        repo = request.query.get("repo", "")
        name = self.world.directory.by_id("bluesky", repo) or self.world.directory.find("bluesky", "identifier", repo)
        if not name:
            raise refused(400, "InvalidRequest", f"Could not find repo: {repo}")
        return name

    def _repo(self, name: str, repo: Any) -> None:
        who = profile("bluesky", name)
        if repo not in {who.id, who.handle}:
            raise refused(401, "AuthenticationRequired", "Authentication Required")

    def _write(self, name: str, request: Request, *, rkey_required: bool) -> tuple[Record, str]:
        """The body and key of a write that may be done; counts its points."""
        body = request.fields
        self._repo(name, body.get("repo"))
        if body.get("collection") != POST or not isinstance(body.get("record"), dict):
            raise refused(400, "InvalidRequest", f"This fake keeps {POST} records only")
        rkey = body.get("rkey") or ("" if rkey_required else self._tid())
        if not TID.fullmatch(str(rkey)):
            words = f'Invalid record key for {POST}: Invalid TID string (got "{rkey}") at $'
            raise refused(400, "InvalidRequest", words)
        if body["record"].setdefault("$type", POST) != POST:
            raise refused(400, "InvalidRequest", f"Invalid $type: expected {POST}, got {body['record']['$type']}")
        try:
            check_record(body["record"])
        except RecordError as error:
            raise refused(400, "InvalidRequest", f"Invalid {POST} record: {error}") from error
        self._check_blobs(name, body["record"])
        for _ in range(PUT if rkey_required else CREATE):
            self.count(name, "points", *POINTS)
        return body, str(rkey)

    def _check_blobs(self, name: str, record: Record) -> None:
        for blob, _ in blobs(record):
            link = blob["ref"]["$link"]
            owner, media = self.blobs.get(link, ("", None))
            if media is None or owner != name:
                raise refused(400, "BlobNotFound", f"Could not find blob: {link}")
            if blob["mimeType"] != media.mime:
                words = f"Referenced Mimetype does not match stored. Expected: {media.mime}, Got: {blob['mimeType']}"
                raise refused(400, "InvalidMimeType", words)
            if blob["size"] != media.size:
                raise refused(400, "InvalidSize", f"Referenced size does not match stored. Expected: {media.size}")

    def _store(self, name: str, rkey: str, record: Record) -> Answer:
        self.records[name, rkey] = record
        if not self.world.find("bluesky", _uri(name, rkey), name):
            self.world.add(self._post(name, rkey, record))
        return reply(200, {**_written(name, rkey, record), "commit": self._commit(name)})

    def _post(self, name: str, rkey: str, record: Record) -> Post:
        """The post as the app shows it."""
        media = [described(self.blobs[blob["ref"]["$link"]][1], alt) for blob, alt in blobs(record)]
        external = (record.get("embed") or {}).get("external", {})
        card = {key: external[key] for key in ("uri", "title", "description") if key in external}
        spans = [_span(start, end, feature) for start, end, feature in facets(record)]
        url = f"https://bsky.app/profile/{profile('bluesky', name).handle}/post/{rkey}"
        post = Post("bluesky", name, _uri(name, rkey), url, record["text"], media=media, spans=spans, card=card)
        post.link = card.get("uri") or next((span.value for span in spans if span.kind == "link"), "")
        post.language, post.problems = next(iter(record.get("langs", [])), ""), facet_problems(record)
        return post

    def _commit(self, name: str) -> Record:
        rev = self._tid()
        return {"cid": cbor.record_cid({"did": profile("bluesky", name).id, "rev": rev}), "rev": rev}

    def _tid(self) -> str:
        """Microseconds << 10 | clock id, 13 signs, sortable as text (https://atproto.com/specs/tid, 2026-08)."""
        number = (time.time_ns() // 1000 + self.world.serial()) << 10
        return "".join(BASE32_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))

    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", r"/xrpc/com\.atproto\.server\.createSession", Sessions.create_session),
        Route("POST", r"/xrpc/com\.atproto\.server\.refreshSession", Sessions.refresh_session),
        Route("GET", r"/xrpc/com\.atproto\.server\.getSession", Sessions.get_session),
        Route("POST", r"/xrpc/com\.atproto\.repo\.uploadBlob", upload),
        Route("POST", r"/xrpc/com\.atproto\.repo\.createRecord", create, publishes=True),
        Route("POST", r"/xrpc/com\.atproto\.repo\.putRecord", put, publishes=True),
        Route("GET", r"/xrpc/com\.atproto\.repo\.getRecord", get),
        Route("GET", r"/xrpc/com\.atproto\.repo\.listRecords", listing),
        Route("POST", r"/xrpc/com\.atproto\.repo\.deleteRecord", delete),
    )


def _uri(name: str, rkey: str) -> str:
    return f"at://{profile('bluesky', name).id}/{POST}/{rkey}"


def _written(name: str, rkey: str, record: Record) -> Record:
    return {"uri": _uri(name, rkey), "cid": cbor.record_cid(record), "validationStatus": "valid"}


def _span(start: int, end: int, feature: Record) -> Span:
    link = "uri" in feature
    return Span(start, end, "link" if link else "hashtag", str(feature.get("uri") or feature.get("tag") or ""))
