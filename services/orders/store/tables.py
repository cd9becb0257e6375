"""The tables of the schema `orders`. `restaurant_id` leads every key: a restaurant's rows lie together.

Orders are not partitioned by time: they are found by (restaurant, id) and listed newest first through indexes
whose depth, not length, a query pays for; a partition key in every primary key would make ids ambiguous.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from chassis.db.tables import chassis_tables

SCHEMA = "orders"
metadata = sa.MetaData(schema=SCHEMA)
chassis_tables(metadata, SCHEMA)

_at = sa.DateTime(timezone=True)


def _column(name: str, kind: Any, *, key: bool = False, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def _tenant() -> sa.Column[Any]:
    return _column("restaurant_id", pg.UUID(), key=True)


restaurant = sa.Table(
    "restaurant",
    metadata,
    _tenant(),
    _column("settings_version", sa.BigInteger),
    _column("settings", sa.LargeBinary, null=True),
    _column("menu_version", sa.BigInteger),
    _column("menu", sa.LargeBinary, null=True),
    _column("menu_wanted", sa.BigInteger),
    _column("stations_version", sa.BigInteger),
    sa.Column("auto_complete", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"),
    sa.Column("day_cutoff_minutes", sa.Integer, nullable=False, server_default="240"),
)

menu_part = sa.Table(
    "menu_part",
    metadata,
    _tenant(),
    _column("version", sa.BigInteger, key=True),
    _column("part", sa.Integer, key=True),
    _column("parts", sa.Integer),
    _column("previous_version", sa.BigInteger),
    _column("payload", sa.LargeBinary),
)

station = sa.Table(
    "station",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("name", sa.Text),
    _column("position", sa.Integer),
    _column("category_ids", pg.ARRAY(pg.UUID())),
    _column("is_default", sa.Boolean),
    _column("target_minutes", sa.Integer),
    _column("version", sa.BigInteger),
    _column("target_seconds", sa.Integer, null=True),
    sa.Column("routes", pg.JSONB, nullable=False, server_default="[]"),
    _column("fallback_id", pg.UUID(), null=True),
    sa.Column("is_closed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_removed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("station_default", "restaurant_id", unique=True, postgresql_where=sa.text("is_default")),
)

promotion = sa.Table(
    "promotion",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("name", sa.Text),
    _column("name_key", sa.Text),
    _column("kind", sa.Text),
    _column("value", sa.BigInteger),
    _column("scope", sa.Text),
    _column("item_ids", pg.ARRAY(pg.UUID())),
    _column("category_ids", pg.ARRAY(pg.UUID())),
    _column("weekdays", pg.ARRAY(sa.Integer)),
    _column("from_minutes", sa.Integer),
    _column("until_minutes", sa.Integer),
    _column("effective_from", sa.Date, null=True),
    _column("effective_until", sa.Date, null=True),
    _column("active", sa.Boolean),
    _column("version", sa.BigInteger),
    sa.Index("promotion_name", "restaurant_id", "name_key", unique=True),
)

station_time = sa.Table(
    "station_time",
    metadata,
    _tenant(),
    _column("station_id", pg.UUID(), key=True),
    _column("span", sa.Text, key=True),
    _column("starts_at", _at, key=True),
    _column("tickets", sa.Integer),
    _column("p50_seconds", sa.Integer),
    _column("p90_seconds", sa.Integer),
)

unrouted_item = sa.Table(
    "unrouted_item",
    metadata,
    _tenant(),
    _column("item_id", pg.UUID(), key=True),
    _column("name", sa.Text),
    _column("order_id", pg.UUID(), null=True),
    _column("order_number", sa.Integer),
    _column("raised_at", _at),
)

floor_section = sa.Table(
    "floor_section",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("name", sa.Text),
    _column("name_key", sa.Text),
    _column("position", sa.Integer),
    _column("version", sa.BigInteger),
    sa.Index("floor_section_name", "restaurant_id", "name_key", unique=True),
)

floor_table = sa.Table(
    "floor_table",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("version", sa.BigInteger),
    _column("section_id", pg.UUID()),
    _column("name", sa.Text),
    _column("name_key", sa.Text),
    _column("seats", sa.Integer),
    _column("shape", sa.Text),
    _column("x", sa.Integer),
    _column("y", sa.Integer),
    _column("seated", pg.JSONB),
    _column("is_dirty", sa.Boolean),
    _column("reserved_from", _at, null=True),
    _column("reserved_minutes", sa.Integer, null=True),
    _column("reserved_name", sa.Text, null=True),
    _column("reservation_shown", sa.Boolean),
    _column("changes_at", _at, null=True),
    sa.Index("floor_table_name", "restaurant_id", "name_key", unique=True),
    sa.Index("floor_table_changing", "changes_at", "id", postgresql_where=sa.text("changes_at IS NOT NULL")),
)

orders = sa.Table(
    "orders",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("number", sa.Integer),
    _column("state", sa.Text),
    _column("lifecycle", sa.Text),
    _column("payment_state", sa.Text),
    _column("kitchen_state", sa.Text),
    _column("service_flow", sa.Text),
    _column("table_id", pg.UUID(), null=True),
    _column("business_date", sa.Date),
    _column("created_at", _at),
    _column("updated_at", _at),
    _column("placed_at", _at, null=True),
    _column("version", sa.BigInteger),
    _column("content_hash", sa.LargeBinary),
    _column("history_rows", sa.Integer),
    _column("cancel_reason", sa.Text),
    _column("item_names", sa.Text),
    _column("body", sa.LargeBinary),
    sa.Index("orders_by_state", "restaurant_id", "state", "created_at", "id"),
    sa.Index("orders_by_day", "restaurant_id", "business_date", "created_at", "id"),
    sa.Index("orders_updated", "restaurant_id", "updated_at", "id"),
    sa.Index(
        "orders_number",
        "restaurant_id",
        "number",
        "business_date",
        unique=True,
        postgresql_where=sa.text("number > 0"),
    ),
    sa.Index(
        "orders_by_table",
        "restaurant_id",
        "table_id",
        "created_at",
        "id",
        postgresql_where=sa.text("table_id IS NOT NULL"),
    ),
    sa.Index("orders_cancelling", "updated_at", postgresql_where=sa.text("lifecycle = 'cancel_pending'")),
    sa.Index(
        "orders_unpaid",
        "updated_at",
        postgresql_where=sa.text(
            "service_flow = 'pay_first' AND payment_state = 'unpaid' AND lifecycle IN ('draft', 'validated')"
        ),
    ),
)

OPEN_TICKETS = "state IN ('queued', 'preparing', 'ready') OR state = 'cancelled' AND acknowledged_at IS NULL"
"""What the kitchen still has to look at."""

ticket = sa.Table(
    "ticket",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("order_id", pg.UUID()),
    _column("station_id", pg.UUID()),
    _column("revision", sa.Integer),
    _column("state", sa.Text),
    _column("business_date", sa.Date),
    _column("created_at", _at),
    _column("ready_at", _at, null=True),
    _column("acknowledged_at", _at, null=True),
    _column("undelivered_revision", sa.Integer),
    sa.Column("alarm_cause", sa.Text, nullable=False, server_default=""),
    _column("alarm_at", _at, null=True),
    _column("body", sa.LargeBinary),
    sa.Column("late_revision", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ticket_by_order", "restaurant_id", "order_id"),
    sa.Index("ticket_ready", "restaurant_id", "ready_at", postgresql_where=sa.text("state = 'ready'")),
    sa.Index(
        "ticket_unseen",
        "restaurant_id",
        "created_at",
        "id",
        postgresql_where=sa.text("state = 'cancelled' AND acknowledged_at IS NULL"),
    ),
    sa.Index("ticket_in_alarm", "restaurant_id", "alarm_at", postgresql_where=sa.text("alarm_cause <> ''")),
    sa.Index(
        "ticket_past_day",
        "restaurant_id",
        "business_date",
        "order_id",
        postgresql_where=sa.text(OPEN_TICKETS),
    ),
    sa.Index("ticket_by_station", "restaurant_id", "station_id", "state", "created_at", "id"),
)

order_history = sa.Table(
    "order_history",
    metadata,
    _tenant(),
    _column("order_id", pg.UUID(), key=True),
    _column("sequence", sa.Integer, key=True),
    _column("moved", pg.JSONB),
    _column("command_id", sa.Text),
    _column("actor_id", sa.Text),
    _column("actor_name", sa.Text),
    _column("device_id", sa.Text),
    _column("occurred_at", _at),
    _column("recorded_at", _at),
    _column("reason", sa.Text),
)

order_payment = sa.Table(
    "order_payment",
    metadata,
    _tenant(),
    _column("payment_id", pg.UUID(), key=True),
    _column("order_id", pg.UUID()),
    _column("sequence", sa.BigInteger),
    _column("method", sa.Text),
    _column("amount_minor", sa.BigInteger),
    _column("recorded_at", _at),
    sa.Column("tip_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("tendered_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("change_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("order_payment_by_order", "restaurant_id", "order_id"),
)

receipt_issue = sa.Table(
    "receipt_issue",
    metadata,
    _tenant(),
    _column("order_id", pg.UUID(), key=True),
    _column("document", sa.Text, key=True),
    _column("issued_at", _at),
    _column("issued_by", sa.Text),
    _column("copies", sa.Integer),
)

customer = sa.Table(
    "customer",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("version", sa.BigInteger),
    _column("name", sa.Text),
    _column("name_key", sa.Text),
    _column("phone", sa.Text),
    _column("email", sa.Text),
    _column("address", sa.Text),
    _column("vat_number", sa.Text),
    _column("notes", sa.Text),
    _column("consented_at", _at, null=True),
    _column("consent_source", sa.Text),
    _column("created_at", _at),
    _column("words", sa.Text),
    _column("erased_at", _at, null=True),
)

customer_word = sa.Table(
    "customer_word",
    metadata,
    _tenant(),
    _column("word", sa.Text(collation="C"), key=True),
    _column("customer_id", pg.UUID(), key=True),
)

order_customer = sa.Table(
    "order_customer",
    metadata,
    _tenant(),
    _column("order_id", pg.UUID(), key=True),
    _column("customer_id", pg.UUID()),
    _column("created_at", _at),
    sa.Index("order_customer_by_customer", "restaurant_id", "customer_id", "created_at", "order_id"),
)

invoice_counter = sa.Table(
    "invoice_counter",
    metadata,
    _tenant(),
    _column("kind", sa.Text, key=True),
    _column("last_number", sa.BigInteger),
)

invoice = sa.Table(
    "invoice",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("kind", sa.Text),
    _column("number", sa.BigInteger),
    _column("order_id", pg.UUID()),
    _column("invoice_id", pg.UUID(), null=True),
    _column("issued_at", _at),
    _column("body", sa.LargeBinary),
    sa.Index("invoice_number", "restaurant_id", "kind", "number", unique=True),
    sa.Index(
        "invoice_of_order",
        "restaurant_id",
        "order_id",
        unique=True,
        postgresql_where=sa.text("kind = 'invoice'"),
    ),
    sa.Index("invoice_by_order", "restaurant_id", "order_id", "issued_at", "id"),
    sa.Index("invoice_newest", "restaurant_id", "issued_at", "id"),
    sa.Index(
        "invoice_credited",
        "restaurant_id",
        "invoice_id",
        "number",
        postgresql_where=sa.text("invoice_id IS NOT NULL"),
    ),
)

printer = sa.Table(
    "printer",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("name", sa.Text),
    _column("name_key", sa.Text),
    _column("kind", sa.Text),
    _column("width", sa.Integer),
    _column("station_id", pg.UUID(), null=True),
    _column("fallback_id", pg.UUID(), null=True),
    _column("version", sa.BigInteger),
    sa.Index("printer_name", "restaurant_id", "name_key", unique=True),
)

print_job = sa.Table(
    "print_job",
    metadata,
    _tenant(),
    _column("id", pg.UUID(), key=True),
    _column("printer_id", pg.UUID()),
    _column("printer_name", sa.Text),
    _column("kind", sa.Text),
    _column("title", sa.Text),
    _column("order_id", pg.UUID()),
    _column("payload", sa.LargeBinary),
    _column("state", sa.Text),
    _column("attempts", sa.Integer),
    _column("error", sa.Text),
    _column("created_at", _at),
    _column("next_at", _at, null=True),
    _column("version", sa.BigInteger),
    _column("rerouted_to", pg.UUID(), null=True),
    _column("rerouted_from", pg.UUID(), null=True),
    sa.Index(
        "print_job_due",
        "restaurant_id",
        "printer_id",
        "next_at",
        "id",
        postgresql_where=sa.text("next_at IS NOT NULL"),
    ),
    sa.Index("print_job_newest", "restaurant_id", "created_at", "id"),
    sa.Index("print_job_by_printer", "restaurant_id", "printer_id", "created_at", "id"),
)

order_day = sa.Table(
    "order_day",
    metadata,
    _tenant(),
    _column("business_date", sa.Date, key=True),
    _column("last_number", sa.Integer),
    _column("placed", sa.BigInteger),
    _column("done", sa.BigInteger),
    _column("cancelled", sa.BigInteger),
    _column("gross_minor", sa.BigInteger),
    _column("paid_minor", sa.BigInteger),
    _column("tickets_open", sa.BigInteger),
    sa.Column("unpublished", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("order_day_unpublished", "restaurant_id", postgresql_where=sa.text("unpublished")),
)
