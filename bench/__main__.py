"""`python -m bench [ingest|deliveries|memory …]`: run the questions named, or all, and print the table."""

import platform
import sys
from os import cpu_count

from bench import deliveries, ingest, memory

QUESTIONS = {"ingest": ingest.measure, "deliveries": deliveries.measure, "memory": memory.measure}


def main() -> None:
    chosen = sys.argv[1:] or list(QUESTIONS)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cpu_count()} cores\n")
    print("| question | on | ours | yardstick | ratio | aim |\n|---|---|---|---|---|---|")
    for name in chosen:
        for row in QUESTIONS[name]():
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
