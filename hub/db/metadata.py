"""The one SQLAlchemy metadata on which every package declares its tables."""

from __future__ import annotations

from typing import Final

from sqlalchemy import MetaData

#: Names of constraints and indexes follow from table and columns, so that migrations can address them.
metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)
