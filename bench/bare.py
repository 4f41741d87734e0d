"""Yardstick servers: a bare ASGI app that does one durable INSERT a request, and a sink that only answers.

`python -m bench.bare PORT sink | sqlite:///file | postgresql://…`
"""

import sys

import uvicorn


def app(target: str):
    """The ASGI callable for a target."""
    insert = _insert(target)

    async def asgi(scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        insert(body)
        answer = b'{"id":"1"}'
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return asgi


def _insert(target: str):
    if target == "sink":
        return lambda body: None
    if target.startswith("sqlite"):
        import sqlite3

        database = sqlite3.connect(target.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, body BLOB)")
        return lambda body: database.execute("INSERT INTO bare (body) VALUES (?)", (body,))
    import psycopg

    database = psycopg.connect(target, autocommit=True)
    database.execute("CREATE TABLE IF NOT EXISTS bare (id BIGSERIAL PRIMARY KEY, body BYTEA)")
    return lambda body: database.execute("INSERT INTO bare (body) VALUES (%s)", (body,))


if __name__ == "__main__":
    uvicorn.run(app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
