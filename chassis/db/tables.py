"""The chassis' own tables as a service declares them beside its own.

Declared for the comparison with the migrated schema only: statements are texts, so a process that serves
never imports this module, nor SQLAlchemy.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg


def chassis_tables(metadata: sa.MetaData, schema: str) -> None:
    """Declares the chassis' tables in a service's metadata, so that ``check`` compares them like its own."""
    table = partial(_declare, metadata, schema)
    _outbox_tables(table)
    _inbox_tables(table)
    _audit_tables(table)
    table("chassis_version", column("version", sa.Text, key=True), column("indexed", sa.Boolean))


def _declare(metadata: sa.MetaData, schema: str, name: str, *columns: sa.schema.SchemaItem) -> None:
    sa.Table(name, metadata, *columns, schema=schema)


def column(name: str, kind: Any, *, key: bool = False, null: bool = False) -> sa.Column[Any]:
    """A column as the chassis' tables have it: not null unless said so."""
    return sa.Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def _outbox_tables(table: Callable[..., None]) -> None:
    tenant, at = pg.UUID(), sa.DateTime(timezone=True)
    table(
        "outbox",
        column("id", sa.BigInteger, key=True),
        column("restaurant_id", tenant, null=True),
        *(column(name, sa.Text) for name in ("type", "subject_id")),
        column("msg_id", pg.UUID()),
        column("payload", sa.LargeBinary),
        column("positions", pg.JSONB),
        *(column(name, sa.Text, null=True) for name in ("trace", "command_id")),
        column("created_at", at, key=True),
        column("published_at", at, null=True),
        column("stream_seq", sa.BigInteger, null=True),
    )
    table(
        "outbox_unnumbered",
        column("id", sa.BigInteger, key=True),
        column("created_at", at),
        column("restaurant_id", tenant, null=True),
        column("channels", sa.Text),
    )
    table(
        "outbox_numbered",
        column("id", sa.BigInteger),
        column("created_at", at, key=True),
        column("restaurant_id", tenant, null=True),
        column("turn", sa.BigInteger, key=True),
        column("positions", pg.JSONB),
        column("published_at", at, null=True),
        column("stream_seq", sa.BigInteger, null=True),
    )
    table("outbox_again", column("turn", sa.BigInteger, key=True), column("created_at", at))
    table("outbox_head", column("restaurant_id", tenant, key=True), column("channels", pg.JSONB))
    table(
        "outbox_run",
        column("restaurant_id", tenant, key=True),
        *(column(name, sa.Text, key=True) for name in ("channel", "epoch")),
        column("seq", sa.BigInteger, key=True),
        column("ids", pg.ARRAY(sa.BigInteger)),
        column("first_at", at),
        column("created_at", at, key=True),
    )
    table(
        "outbox_state",
        column("singleton", sa.Boolean, key=True),
        column("generation", sa.BigInteger),
        column("epoch", sa.Text),
        column("published", sa.BigInteger),
    )


def _inbox_tables(table: Callable[..., None]) -> None:
    tenant, at = pg.UUID(), sa.DateTime(timezone=True)
    table(
        "inbox",
        column("consumer", sa.Text, key=True),
        column("msg_id", pg.UUID(), key=True),
        column("status", sa.Text),
        column("received_at", at),
        column("handled_at", at, null=True),
        column("attempts", sa.Integer),
        column("error", sa.Text, null=True),
        column("restaurant_id", tenant, null=True),
        sa.Index("inbox_received", "received_at"),
    )
    table(
        "inbox_parked",
        column("consumer", sa.Text, key=True),
        column("msg_id", pg.UUID(), key=True),
        column("subject", sa.Text),
        column("headers", pg.JSONB),
        column("payload", sa.LargeBinary),
        column("attempts", sa.Integer),
        column("error", sa.Text),
        column("parked_at", at),
        column("retry_at", at, null=True),
        column("failures", sa.Integer),
        column("restaurant_id", tenant, null=True),
        sa.Index("inbox_parked_due", "consumer", "retry_at"),
        sa.Index(
            "inbox_parked_newest",
            *("parked_at", "msg_id", "consumer"),
            postgresql_where=sa.text("retry_at IS NULL"),
        ),
    )
    table(
        "idempotency",
        column("restaurant_id", tenant, key=True),
        *(column(name, sa.Text, key=True) for name in ("scope", "key")),
        *(column(name, sa.LargeBinary) for name in ("request_hash", "reply")),
        column("created_at", at),
        column("event_id", sa.BigInteger, null=True),
        *(column(name, sa.Integer, null=True) for name in ("reply_start", "reply_bytes")),
        sa.Index("idempotency_created", "created_at"),
    )


def _audit_tables(table: Callable[..., None]) -> None:
    tenant = pg.UUID()
    table(
        "audit_record",
        column("restaurant_id", tenant, key=True),
        column("seq", sa.BigInteger, key=True),
        column("at", sa.DateTime(timezone=True)),
        column("event", sa.Text),
        *(column(name, sa.Text, null=True) for name in ("actor", "device_id")),
        column("facts", sa.Text),
        *(column(name, sa.Text, null=True) for name in ("trace_id", "request_id")),
        *(column(name, sa.LargeBinary) for name in ("previous_hash", "hash")),
    )
    table(
        "audit_head",
        column("restaurant_id", tenant, key=True),
        column("seq", sa.BigInteger),
        column("hash", sa.LargeBinary),
    )
