"""Opens the Publisher for a command, and tells what is wrong with the settings in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from publisher.cli.output import Exit, fail

if TYPE_CHECKING:  # the object graph takes longer to import than the whole command line may take to start
    from publisher.bootstrap import Publisher


@contextmanager
def opened() -> Iterator["Publisher"]:
    """The Publisher of the settings in force, closed afterwards; ends the program where they don't hold."""
    from publisher import settings
    from publisher.bootstrap import build
    from publisher.settings import SettingsProblem
    from publisher.store import StoreError

    try:
        parts = build(settings.load())
    except SettingsProblem as problem:
        fail(f"{problem}\nPut this right, then run `publisher doctor`.", Exit.USAGE)
    try:
        try:
            waiting = parts.store.pending()
        except StoreError as error:
            waiting = f"the database does not answer ({type(error).__name__}: {error.__cause__})"
        if waiting:
            fail(f"{waiting}; run `publisher init` first, or see `publisher doctor`", Exit.USAGE)
        yield parts
    finally:
        parts.close()
