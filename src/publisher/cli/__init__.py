"""The command line, `publisher`: one file a group of commands. Nothing heavy is imported before a command runs."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends with 130."""
    from publisher.cli.app import app

    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
