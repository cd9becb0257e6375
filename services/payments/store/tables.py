"""The tables of the payments schema, as the migrations make them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from chassis.db.tables import chassis_tables

metadata = sa.MetaData(schema="payments")
chassis_tables(metadata, "payments")


def _at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _id(name: str, *, key: bool = False, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, pg.UUID(), primary_key=key, nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=null)


def _int(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=null)


def _minor(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(f"{name}_minor", sa.BigInteger, nullable=False) for name in names]


def _count(name: str, *, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, primary_key=key, autoincrement=False, nullable=False)


restaurant = sa.Table(
    "restaurant",
    metadata,
    _id("restaurant_id", key=True),
    _count("version"),
    _text("currency_code"),
    _text("time_zone"),
    _int("day_cutoff_minutes"),
    _text("fee_preset"),
)

bill = sa.Table(
    "bill",
    metadata,
    _id("restaurant_id", key=True),
    _id("order_id", key=True),
    _int("order_number"),
    _count("order_version"),
    _text("currency_code"),
    _int("covers"),
    _text("state"),
    _text("mode"),
    *_minor("total", "service", "discount", "void"),
    sa.Column("vat", pg.JSONB, nullable=False),
    *_minor("paid"),
    _count("sequence"),
    sa.Column("booked", pg.JSONB, nullable=False),
    _at("updated_at"),
    sa.Column("comp_minor", sa.BigInteger, nullable=True),
    _int("comp_count", null=True),
    sa.Column("told_in_z", sa.BigInteger, nullable=True),
    sa.Index(
        "bill_of_nothing",
        "restaurant_id",
        "told_in_z",
        postgresql_where=sa.text("total_minor = 0 AND paid_minor = 0"),
    ),
    sa.Index(
        "bill_half_paid",
        "restaurant_id",
        "order_id",
        postgresql_where=sa.text("state = 'open' AND paid_minor > 0 AND paid_minor < total_minor"),
    ),
)

till_session = sa.Table(
    "till_session",
    metadata,
    _id("restaurant_id", key=True),
    _id("id", key=True),
    _text("till"),
    _text("state"),
    _text("currency_code"),
    sa.Column("business_date", sa.Date, nullable=False),
    _at("opened_at"),
    _at("closed_at", null=True),
    *_minor("opening_float", "expected", "counted", "variance"),
    _text("variance_reason"),
    _id("opened_by_id"),
    _text("opened_by_name"),
    _text("opened_by_device"),
    _id("closed_by_id", null=True),
    _text("closed_by_name", null=True),
    _text("closed_by_device", null=True),
    _count("version"),
    _id("closing_approver_id", null=True),
    _text("closing_approver_name", null=True),
    sa.Index(
        "till_session_one_open",
        "restaurant_id",
        "till",
        unique=True,
        postgresql_where=sa.text("state <> 'closed'"),
    ),
    sa.Index("till_session_opened", "restaurant_id", "opened_at", "id"),
)

payment = sa.Table(
    "payment",
    metadata,
    _id("restaurant_id", key=True),
    _id("id", key=True),
    _id("order_id"),
    _int("order_number"),
    _count("sequence"),
    _text("method"),
    _text("status"),
    _text("currency_code"),
    *_minor("amount", "tip", "tendered", "change", "provider_fee", "platform_fee"),
    _text("fee_bearer"),
    _id("till_session_id", null=True),
    _text("check_id"),
    sa.Column("business_date", sa.Date, nullable=False),
    _at("created_at"),
    _id("user_id"),
    _text("user_name"),
    _text("device_id"),
    *_minor("gross", "discount", "void", "service"),
    _int("covers"),
    _id("approver_id", null=True),
    _text("approver_name", null=True),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("comp_minor", sa.BigInteger, nullable=True),
    _int("comp_count", null=True),
    sa.Index("payment_of_bill", "restaurant_id", "order_id", "sequence", unique=True),
    sa.Index("payment_created", "restaurant_id", "created_at", "id"),
    sa.Index("payment_of_till", "restaurant_id", "till_session_id", "created_at", "id"),
)

ledger_transaction = sa.Table(
    "ledger_transaction",
    metadata,
    _id("restaurant_id", key=True),
    _id("id", key=True),
    _text("kind"),
    sa.Column("business_date", sa.Date, nullable=False),
    _at("created_at"),
    _id("payment_id", null=True),
    _id("till_session_id", null=True),
    _id("actor_id"),
)

ledger_entry = sa.Table(
    "ledger_entry",
    metadata,
    _id("restaurant_id", key=True),
    _id("transaction_id", key=True),
    sa.Column("position", sa.SmallInteger, primary_key=True, autoincrement=False, nullable=False),
    _text("account"),
    _int("rate_bp", null=True),
    _text("currency_code"),
    *_minor("debit", "credit"),
    sa.Column("business_date", sa.Date, nullable=False),
    _id("till_session_id", null=True),
    sa.ForeignKeyConstraint(
        ["restaurant_id", "transaction_id"],
        ["payments.ledger_transaction.restaurant_id", "payments.ledger_transaction.id"],
        name="ledger_entry_transaction",
    ),
    sa.Index("ledger_entry_day", "restaurant_id", "business_date", "account"),
    sa.Index("ledger_entry_till", "restaurant_id", "till_session_id"),
)

drawer_event = sa.Table(
    "drawer_event",
    metadata,
    _id("restaurant_id", key=True),
    _id("id", key=True),
    _id("till_session_id"),
    _text("kind"),
    *_minor("amount"),
    _text("reason"),
    _id("payment_id", null=True),
    _at("created_at"),
    _id("user_id"),
    _text("user_name"),
    _text("device_id"),
    _id("approver_id", null=True),
    _text("approver_name", null=True),
    sa.Index("drawer_event_till", "restaurant_id", "till_session_id"),
    sa.Index(
        "drawer_event_beside_sales",
        "restaurant_id",
        "till_session_id",
        "created_at",
        "id",
        postgresql_where=sa.text("payment_id IS NULL"),
    ),
)

z_counter = sa.Table("z_counter", metadata, _id("restaurant_id", key=True), _count("last_number"))

z_report = sa.Table(
    "z_report",
    metadata,
    _id("restaurant_id", key=True),
    _count("number", key=True),
    _id("till_session_id"),
    sa.Column("business_date", sa.Date, nullable=False),
    _text("content"),
    _text("previous_hash"),
    _text("hash"),
    _at("issued_at"),
    sa.Index("z_report_of_session", "restaurant_id", "till_session_id", unique=True),
    sa.Index("z_report_day", "restaurant_id", "business_date", "number"),
)
