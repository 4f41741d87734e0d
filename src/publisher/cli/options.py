"""Options that many commands share, so that they are spelled alike everywhere."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Machine-readable: one JSON object a line.")]
Channel = Annotated[str, typer.Option("--channel", help="Only this channel.")]
Edition = Annotated[str, typer.Option("--edition", help="Only this edition.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit log.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")]
