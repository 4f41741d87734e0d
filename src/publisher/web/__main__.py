"""`python -m publisher.web --host --port`: uvicorn on the whole site, as `publisher up` starts it."""

import argparse

import uvicorn

from publisher import settings
from publisher.bootstrap import build
from publisher.settings.logs import log_to_stderr
from publisher.web import create_app


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="publisher.web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    log_to_stderr()
    app = create_app(build(settings.load()))
    uvicorn.run(
        app,
        host=given.host,
        port=given.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
        server_header=False,
    )


if __name__ == "__main__":
    main()
