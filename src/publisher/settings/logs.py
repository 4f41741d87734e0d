"""How web, worker and supervisor log: one line each, on stderr."""

import logging


def log_to_stderr() -> None:
    """Ours from INFO on, everybody else's from WARNING on."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for ours in ("publisher", "workers"):
        logging.getLogger(ours).setLevel(logging.INFO)
