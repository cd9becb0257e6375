"""The tables of staff, for comparison with the migrated database."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from chassis.db.tables import chassis_tables

SCHEMA = "staff"
metadata = sa.MetaData(schema=SCHEMA)
_at = sa.DateTime(timezone=True)

restaurant = sa.Table(
    "restaurant",
    metadata,
    sa.Column("restaurant_id", pg.UUID, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("currency_code", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("day_cutoff_minutes", sa.Integer, nullable=False),
)

employee = sa.Table(
    "employee",
    metadata,
    sa.Column("restaurant_id", pg.UUID, primary_key=True),
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("user_id", pg.UUID),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("hourly_rate_minor", sa.BigInteger, nullable=False),
    sa.Column("currency_code", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("created_at", _at, nullable=False),
    sa.Index(
        "employee_user",
        "restaurant_id",
        "user_id",
        unique=True,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    ),
    sa.Index("employee_by_name", "restaurant_id", "name", "id"),
)

timecard = sa.Table(
    "timecard",
    metadata,
    sa.Column("restaurant_id", pg.UUID, primary_key=True),
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("employee_id", pg.UUID, nullable=False),
    sa.Column("employee_name", sa.Text, nullable=False),
    sa.Column("clocked_in_at", _at, nullable=False),
    sa.Column("clocked_out_at", _at),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("flags", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["restaurant_id", "employee_id"], [employee.c.restaurant_id, employee.c.id]),
    sa.Index(
        "timecard_open",
        "restaurant_id",
        "employee_id",
        unique=True,
        postgresql_where=sa.text("clocked_out_at IS NULL"),
    ),
    sa.Index("timecard_newest", "restaurant_id", sa.desc("clocked_in_at"), sa.desc("id")),
    sa.Index("timecard_of_employee", "restaurant_id", "employee_id", sa.desc("clocked_in_at"), sa.desc("id")),
)

chassis_tables(metadata, SCHEMA)
