"""Jinja as nn4mc uses it: templates beside this file, and a name that is not defined is an error."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from nn4mc.codegen.literals import float_literal


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C, not HTML; every name goes through c_identifier or comment_text
    )
    environment.filters["literal"] = float_literal
    return environment


def render(template: str, values: Mapping[str, object]) -> str:
    """Return the text of a template, named relative to the templates folder."""
    return _environment().get_template(template).render(values)
