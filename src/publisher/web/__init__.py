"""The house's doors on HTTP: webhooks in, the dashboard, health, public Cards."""

from publisher.web.app import create_app

__all__ = ["create_app"]
