"""Is the process up (/healthz); can it do its work (/readyz)."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from publisher.bootstrap import Publisher
from publisher.store import StoreError


def router(parts: Publisher) -> APIRouter:
    made = APIRouter()

    @made.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @made.get("/readyz")
    def readyz() -> JSONResponse:
        """The database answers and its tables are up to date."""
        try:
            parts.store.alive()
            waiting = parts.store.pending()
        except StoreError as error:
            return JSONResponse({"status": "unready", "database": type(error).__name__}, 503)
        if waiting:
            return JSONResponse({"status": "unready", "migrations": waiting}, 503)
        return JSONResponse({"status": "ready", "database": "ok", "migrations": "ok"})

    return made
