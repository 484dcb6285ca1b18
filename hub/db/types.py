"""Column types PostgreSQL has and SQLAlchemy does not, by their names; migrations use them too."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


class Named(UserDefinedType[Any]):
    """A type of PostgreSQL known by its name alone; values pass as the driver has them."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class Xid8(Named):
    """A 64-bit transaction id, an `int` in Python."""

    def __init__(self) -> None:
        super().__init__("xid8")


# So that a database can be compared with the metadata.
ischema_names["xid8"] = Xid8
