"""What Alembic runs for every command, on the connection and against the metadata `hub.db.migrate` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import UserDefinedType

from hub.db.migrate import is_whole


def _render(kind: str, item: Any, generation: AutogenContext) -> str | Literal[False]:
    """Write a type of our own by its PostgreSQL name, so that no migration depends on code that may change."""
    if kind == "type" and isinstance(item, UserDefinedType):
        generation.imports.add("from hub.db.types import Named")
        return f"Named({item.get_col_spec()!r})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["target"],
    render_item=_render,
    include_object=is_whole,
)
with context.begin_transaction():
    context.run_migrations()
