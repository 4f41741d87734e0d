"""All groups of commands under one name."""

import typer

from publisher.cli import accounts, articles, audit, deliveries, inbound, sandbox, send, start

app = typer.Typer(
    name="publisher",
    help="From a CMS webhook to every network, exactly once. Start with `publisher demo`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (start, send):
    for command in module.COMMANDS:
        app.command()(command)
for name, module, words in (
    ("articles", articles, "What the CMS has told us."),
    ("deliveries", deliveries, "What goes where, and what became of it."),
    ("channels", accounts, "The accounts we publish to."),
    ("audit", audit, "The log that proves it."),
    ("webhook", inbound, "Sign and send webhooks, as a CMS would."),
    ("sandbox", sandbox, "Fake networks on this machine."),
):
    group = typer.Typer(help=words, no_args_is_help=True)
    for command in module.COMMANDS:
        group.command(command.__name__.rstrip("_"))(command)
    app.add_typer(group, name=name)
