"""From a template to a page: Jinja2 with autoescape always on and nothing undefined."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from hub.portal.files import files
from hub.portal.moments import clock, day, minute
from hub.portal.security import HEADERS, TOKEN_FIELD

_FOLDER: Final = resources.files("hub.portal") / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, compiled once. Everything that is put into one is escaped."""
    made = Environment(
        loader=FileSystemLoader(str(_FOLDER)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = {name: file.address for name, file in files().items()}
    made.globals["token_field"] = TOKEN_FIELD
    made.filters.update(clock=clock, day=day, minute=minute)
    return made


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of these values, with the headers every page has."""
    return HTMLResponse(environment().get_template(template).render(**values), status, headers=dict(HEADERS))
