"""The operators' templates: a small, safe part of Jinja, compiled once and explained where it is wrong.

Only text, variables, `if` and a few filters: without loops, calls, attributes and assignment a template can neither
reach outside nor grow without bound (Jinja's sandbox alone caps neither `"x" * 10**9` nor nested loops).
"""

import traceback
from collections.abc import Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

# `link` is "" where the Channel carries it beside the text; `url` never is.
VARIABLES = "title summary link url hashtags category site_name author language kind edition"
LONGEST_TEMPLATE = 8 * 1024  # bytes
LONGEST_OUTPUT = 20_000  # bytes

_FILTERS = ("capitalize", "default", "length", "lower", "title", "trim", "truncate", "upper")
_TESTS = ("eq", "ne", "in", "lt", "gt", "le", "ge")
_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Name, nodes.Const, nodes.Filter, nodes.Keyword),
    *(nodes.Test, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat),
    *(nodes.Tuple, nodes.List),
)
_NAMES = frozenset(VARIABLES.split())


class TemplateProblem(ValueError):  # noqa: N818 # what it tells is the operator's, no fault of the program
    """A template that cannot be used; its text names the line and what is wrong with it, for the operator."""


def render(source: str, variables: Mapping[str, str]) -> str:
    """What the template writes for `variables` (every one of VARIABLES); raises TemplateProblem."""
    template = _compiled(source)
    try:
        text = template.render(variables)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AssertionError) as error:
        raise TemplateProblem(f"line {_line(error)}: {error or type(error).__name__}") from error
    if len(text.encode(errors="replace")) > LONGEST_OUTPUT:
        raise TemplateProblem(f"the template writes more than {LONGEST_OUTPUT} bytes")
    return text


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,  # plain text: channels escape for their own wire
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    if len(source.encode(errors="replace")) > LONGEST_TEMPLATE:
        raise TemplateProblem(f"the template is longer than {LONGEST_TEMPLATE} bytes")
    try:
        tree = _ENVIRONMENT.parse(source)
        for node in tree.find_all(nodes.Node):
            _allow(node)
        return _ENVIRONMENT.from_string(tree)
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"line {error.lineno}: {error.message}") from error
    except TemplateProblem:
        raise
    except ValueError as error:
        raise TemplateProblem(f"line 1: {error}") from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise TemplateProblem("line 1: the template nests too deeply") from error


def _allow(node: nodes.Node) -> None:
    if isinstance(node, nodes.Name) and node.name not in _NAMES:
        raise TemplateProblem(f"line {node.lineno}: there is no {node.name!r}, only {', '.join(VARIABLES.split())}")
    if not isinstance(node, _NODES):
        raise TemplateProblem(f"line {node.lineno}: {type(node).__name__.lower()} has no place in a post's template")


def _line(error: BaseException) -> int:
    """The template's line that raised, out of the traceback Jinja rewrites to name it."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == "<template>"]
    return lines[-1] if lines else 1
