"""What all tables of the schema are made of."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from chassis.db.tables import chassis_tables

SCHEMA = "orders"
metadata = sa.MetaData(schema=SCHEMA)
chassis_tables(metadata, SCHEMA)

at = sa.DateTime(timezone=True)
"""The type of an instant."""


def column(name: str, kind: Any, *, key: bool = False, null: bool = False) -> sa.Column[Any]:
    """Not null unless it is said."""
    return sa.Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def tenant() -> sa.Column[Any]:
    """Leads the key of every table."""
    return column("restaurant_id", pg.UUID(), key=True)
