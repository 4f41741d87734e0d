"""The ASGI application: what `uvicorn` runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from publisher.bootstrap import Publisher
from publisher.web import cards, dashboard, health
from publisher.web.hooks import Hooks


def create_app(parts: Publisher) -> Starlette:
    """The whole site on one Publisher; its store is let go when the server stops.

    Webhooks stand in front of FastAPI: they are the hot path, and nothing may touch a body before it is verified.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        parts.close()

    pages = FastAPI(title="publisher", docs_url=None, redoc_url=None, openapi_url=None)
    for made in (health.router(parts), cards.router(parts), dashboard.router(parts)):
        pages.include_router(made)
    hook = Route("/hooks/{source}", Hooks(parts).hear, methods=["POST"])
    return Starlette(routes=[hook, Mount("/", pages)], lifespan=lifespan)
