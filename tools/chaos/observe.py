"""Reads what is true after a run: the database as its administrator, the stream, the trial balance.

The only part of the test that looks behind the API. It runs when everything is quiet.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import nats
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from nats.aio.client import Client as NatsClient
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis.messaging.stream import ID, STREAM, SUBJECTS, subject_of
from tools.chaos.devices import operation_of
from tools.chaos.history import content_hash

SCHEMAS = ("auth", "catalog", "orders", "payments", "staff")
HEADS = "outbox_head"
"""The table with the last positions of each restaurant's channels, which only numbering writes."""
POSITIONS = "outbox_channel"
"""The same, a row for each channel."""
READ_BATCH = 500
READ_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order in the database. ``op`` is the operation that asked for it."""

    id: str
    restaurant_id: str
    op: str
    content: str
    lifecycle: str
    state: str
    total_minor: int
    paid_minor: int
    version: int
    number: int
    business_date: str


@dataclass(frozen=True, slots=True)
class StoredPayment:
    """A payment in the ledger's service."""

    id: str
    restaurant_id: str
    order_id: str
    amount_minor: int
    check_id: str = ""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One entry with its transaction."""

    restaurant_id: str
    transaction_id: str
    payment_id: str
    account: str
    currency: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event that a service has committed."""

    schema: str
    id: int
    msg_id: str
    subject: str
    unpublished_seconds: float
    stream_seq: int | None


@dataclass(frozen=True, slots=True)
class StockRow:
    """A counted item: its level, the sum of its movements, what reservations hold."""

    item_id: str
    on_hand: int
    reserved: int
    moved: int
    held: int


@dataclass(slots=True)
class Observations:
    """The whole truth after a run, as the checkers need it."""

    orders: list[StoredOrder] = field(default_factory=list)
    payments: list[StoredPayment] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    trial_balance: dict[str, list[tuple[str, str, int, int]]] = field(default_factory=dict)
    """By restaurant: account, currency, debit, credit, as the API says."""
    outbox: list[OutboxRow] = field(default_factory=list)
    stream: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Sequence -> (subject, message id)."""
    positions: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """(restaurant, channel) -> (epoch, seq)."""
    snapshots: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """(restaurant, channel) -> the answer of the API."""
    stock: list[StockRow] = field(default_factory=list)
    ticket_units: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(order, item) -> units on all tickets of the order, those that are off included."""
    parked: list[str] = field(default_factory=list)
    reachable: list[str] = field(default_factory=list)
    """What of another restaurant could be read or subscribed to."""


class Observer:
    """``urls`` as in the supervisor's run.json."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls

    async def database(self, found: Observations, restaurants: Sequence[str]) -> None:
        """Everything that Postgres knows. Raises asyncpg errors."""
        connection = await asyncpg.connect(self._urls["admin_database"])
        try:
            ids = [UUID(one) for one in restaurants]
            found.orders = await _orders(connection, ids)
            found.payments = [
                StoredPayment(
                    str(row["id"]),
                    str(row["restaurant_id"]),
                    str(row["order_id"]),
                    row["amount_minor"],
                    row["check_id"] or "",
                )
                for row in await connection.fetch(
                    "SELECT * FROM payments.payment WHERE restaurant_id = ANY ($1)", ids
                )
            ]
            found.ledger = [_ledger_row(row) for row in await connection.fetch(_LEDGER, ids)]
            found.positions = {
                (str(row["restaurant_id"]), row["channel"]): (row["epoch"], row["seq"])
                for schema in SCHEMAS
                for row in await connection.fetch(f"SELECT * FROM {schema}.{POSITIONS}")
            }
            found.stock = [
                StockRow(str(row["item_id"]), row["on_hand"], row["reserved"], row["moved"], row["held"])
                for row in await connection.fetch(_STOCK, ids)
            ]
            for row in await connection.fetch(_TICKETS, ids):
                for line in orders_pb2.Ticket.FromString(row["body"]).lines:
                    found.ticket_units[(str(row["order_id"]), line.item_id)] += line.quantity
            for schema in SCHEMAS:
                found.outbox += await _outbox(connection, schema)
                found.parked += [
                    f"{schema} {row['subject']} {row['msg_id']}: {row['error'][:200]}"
                    for row in await connection.fetch(
                        f"SELECT * FROM {schema}.inbox_parked WHERE retry_at IS NULL"
                    )
                ]
        finally:
            await connection.close()

    async def stream(self, found: Observations) -> None:
        """Every message of JetStream's stream. Raises nats errors."""
        client = await nats.connect(self._urls["nats"])
        try:
            found.stream = await _messages(client)
        finally:
            await client.close()

    async def pending(self) -> list[str]:
        """What still has to happen before everything is quiet; empty when it is."""
        waits: list[str] = []
        connection = await asyncpg.connect(self._urls["admin_database"])
        try:
            for schema in SCHEMAS:
                rows = await connection.fetchval(f"SELECT waiting FROM {schema}.outbox_backlog(100)")
                waits += [f"{schema}: {rows} events to publish"] if rows else []
                rows = await connection.fetchval(
                    f"SELECT count(*) FROM {schema}.inbox_parked WHERE retry_at IS NOT NULL"
                )
                waits += [f"{schema}: {rows} events to try again"] if rows else []
            hanging = await connection.fetchval(
                "SELECT count(*) FROM orders.orders WHERE lifecycle = 'cancel_pending'"
            )
            waits += [f"{hanging} cancellations"] if hanging else []
        finally:
            await connection.close()
        client = await nats.connect(self._urls["nats"], allow_reconnect=False)
        try:
            for consumer in await client.jetstream().consumers_info(STREAM):
                left = (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)
                durable = consumer.config.durable_name
                waits += [f"{durable}: {left} events to handle"] if left and durable else []
        finally:
            await client.close()
        return waits


_ORDERS = "SELECT * FROM orders.orders WHERE restaurant_id = ANY ($1)"
_TICKETS = "SELECT order_id, body FROM orders.ticket WHERE restaurant_id = ANY ($1)"
_LEDGER = """
SELECT e.*, t.payment_id FROM payments.ledger_entry AS e
JOIN payments.ledger_transaction AS t ON t.restaurant_id = e.restaurant_id AND t.id = e.transaction_id
WHERE e.restaurant_id = ANY ($1)
"""
_STOCK = """
SELECT s.*,
    (SELECT coalesce(sum(m.quantity), 0)::bigint FROM catalog.stock_movement AS m
     WHERE m.restaurant_id = s.restaurant_id AND m.item_id = s.item_id) AS moved,
    (SELECT coalesce(sum((line ->> 2)::bigint), 0)::bigint
     FROM catalog.reservation AS r, jsonb_array_elements(r.lines) AS line
     WHERE r.restaurant_id = s.restaurant_id AND r.state IN ('held', 'confirmed')
       AND line ->> 1 = s.item_id::text) AS held
FROM catalog.stock AS s WHERE s.restaurant_id = ANY ($1)
"""


async def _orders(connection: Any, ids: list[UUID]) -> list[StoredOrder]:
    found = []
    for row in await connection.fetch(_ORDERS, ids):
        body = orders_pb2.Order.FromString(row["body"])
        content = content_hash(
            row["service_flow"],
            common_pb2.OrderType.Name(body.order_type).removeprefix("ORDER_TYPE_").lower(),
            (
                (line.item_id, line.quantity, [option.option_id for option in line.options])
                for line in body.lines
                if line.quantity
            ),
        )
        op = next((named for line in body.lines if (named := operation_of(line.note))), "")
        found.append(
            StoredOrder(
                str(row["id"]),
                str(row["restaurant_id"]),
                op,
                content,
                row["lifecycle"],
                row["state"],
                body.totals.total_minor,
                body.totals.paid_minor,
                row["version"],
                row["number"],
                str(row["business_date"]),
            )
        )
    return found


def _ledger_row(row: Any) -> LedgerRow:
    return LedgerRow(
        str(row["restaurant_id"]),
        str(row["transaction_id"]),
        str(row["payment_id"] or ""),
        row["account"],
        row["currency_code"],
        row["debit_minor"],
        row["credit_minor"],
    )


async def _outbox(connection: Any, schema: str) -> list[OutboxRow]:
    rows = await connection.fetch(
        f"""SELECT o.id, o.msg_id, o.type, o.restaurant_id, n.published_at, n.stream_seq,
        extract(epoch FROM now() - o.created_at)::float AS age
        FROM {schema}.outbox AS o LEFT JOIN {schema}.outbox_numbered AS n USING (id, created_at)
        ORDER BY o.id"""
    )
    return [
        OutboxRow(
            schema,
            row["id"],
            str(row["msg_id"]),
            subject_of(row["type"], row["restaurant_id"]),
            0.0 if row["published_at"] else row["age"],
            row["stream_seq"],
        )
        for row in rows
    ]


async def _messages(client: NatsClient) -> dict[int, tuple[str, str]]:
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE, headers_only=True, mem_storage=True
    )
    pull = await client.jetstream().pull_subscribe(SUBJECTS, stream=STREAM, config=config)
    found: dict[int, tuple[str, str]] = {}
    left = (await pull.consumer_info()).num_pending or 0
    while left > 0:
        for message in await pull.fetch(min(READ_BATCH, left), timeout=READ_SECONDS):
            left = min(left - 1, message.metadata.num_pending)
            found[message.metadata.sequence.stream] = (
                message.subject,
                (message.headers or {}).get(ID, ""),
            )
    await pull.unsubscribe()
    return found
