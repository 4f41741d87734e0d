"""`python -m publisher.sandbox --port --smtp-port`: the fake networks as a process of their own."""

import argparse
import sys

from publisher.sandbox import run


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="publisher.sandbox")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--smtp-port", type=int, default=8925)
    given = parser.parse_args()
    sys.stderr.write(
        f"fake networks at http://{given.host}:{given.port}/, SMTP at {given.host}:{given.smtp_port}; Ctrl-C\n"
    )
    run(given.host, given.port, given.smtp_port)


if __name__ == "__main__":
    main()
