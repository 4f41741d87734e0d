"""The ASGI application: `uvicorn` runs what `create_app` returns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from publisher.bootstrap import Publisher
from publisher.web import cards, dashboard, health
from publisher.web.hooks import Hooks


def create_app(parts: Publisher) -> FastAPI:
    """The whole site on one Publisher; its store is let go when the server stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        parts.close()

    app = FastAPI(title="publisher", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.add_route("/hooks/{source}", Hooks(parts), methods=["POST"])
    app.include_router(health.router(parts))
    app.include_router(cards.router(parts))
    app.include_router(dashboard.router(parts))
    return app
