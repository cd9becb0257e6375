"""An order and a ticket are one message each, beside the columns by which they are found; lines are no rows.

Stop orders before this runs, and start the new code after it: the old code reads and writes what is gone here
(ADR 0036). All of it is one transaction under locks, so that what is converted is what there is: an old
process that was left running is refused by the database from then on.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from alembic import op
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from sqlalchemy import Connection, TextClause, text

from chassis.db.migrations import index_concurrently, protect_tenant_table
from chassis.instants import timestamp

revision = "0013"
down_revision = "0012"

BATCH = 1_000
TABLES = ("orders", "order_line", "ticket", "order_history")
LOCK = f"LOCK TABLE {', '.join(f'orders.{table}' for table in TABLES)} IN ACCESS EXCLUSIVE MODE"
ADD = """
ALTER TABLE orders.orders ADD COLUMN item_names text, ADD COLUMN body bytea;
ALTER TABLE orders.ticket ADD COLUMN body bytea;
ALTER TABLE orders.order_history ADD COLUMN moved jsonb
"""
ORDERS = text("""
SELECT o.*, o.vat::text AS vat_json, o.guest_allergy::text AS allergy_json, (
    SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position) FROM orders.order_line l
    WHERE l.restaurant_id = o.restaurant_id AND l.order_id = o.id)::text AS lines_json
FROM orders.orders o WHERE (o.restaurant_id, o.id) > (CAST(:place AS uuid), CAST(:id AS uuid))
ORDER BY o.restaurant_id, o.id LIMIT :batch
""")
TICKETS = text("""
SELECT t.*, t.allergens::text AS allergens_json, t.lines::text AS lines_json,
    t.guest_allergy::text AS allergy_json
FROM orders.ticket t WHERE (t.restaurant_id, t.id) > (CAST(:place AS uuid), CAST(:id AS uuid))
ORDER BY t.restaurant_id, t.id LIMIT :batch
""")
KEEP_ORDERS = text("""
UPDATE orders.orders AS o SET item_names = lower(b.names), body = b.body
FROM unnest(CAST(:places AS uuid[]), CAST(:ids AS uuid[]), CAST(:names AS text[]), CAST(:bodies AS bytea[]))
    AS b (place, id, names, body)
WHERE o.restaurant_id = b.place AND o.id = b.id
""")
KEEP_TICKETS = text("""
UPDATE orders.ticket AS t SET body = b.body
FROM unnest(CAST(:places AS uuid[]), CAST(:ids AS uuid[]), CAST(:bodies AS bytea[])) AS b (place, id, body)
WHERE t.restaurant_id = b.place AND t.id = b.id
""")
# What one command moved lies in several rows here, each of which stays one: it is read as it was.
MOVED = """
UPDATE orders.order_history SET moved = jsonb_build_array(jsonb_build_array(axis, from_value, to_value))
"""
DROP = """
ALTER TABLE orders.orders
    ALTER COLUMN item_names SET NOT NULL, ALTER COLUMN body SET NOT NULL,
    DROP COLUMN order_type, DROP COLUMN covers, DROP COLUMN currency_code, DROP COLUMN completed_at,
    DROP COLUMN bill_mode, DROP COLUMN menu_version, DROP COLUMN goods_minor, DROP COLUMN discount_minor,
    DROP COLUMN service_charge_minor, DROP COLUMN vat_minor, DROP COLUMN total_minor, DROP COLUMN paid_minor,
    DROP COLUMN vat, DROP COLUMN placed_by_id, DROP COLUMN placed_by_name, DROP COLUMN placed_by_device,
    DROP COLUMN guest_allergy;
ALTER TABLE orders.ticket
    ALTER COLUMN body SET NOT NULL,
    DROP COLUMN order_number, DROP COLUMN station_name, DROP COLUMN course, DROP COLUMN order_type,
    DROP COLUMN target_at, DROP COLUMN allergens, DROP COLUMN lines, DROP COLUMN guest_allergy,
    DROP COLUMN allergy_acknowledged_at;
ALTER TABLE orders.order_history
    ALTER COLUMN moved SET NOT NULL,
    DROP COLUMN axis, DROP COLUMN from_value, DROP COLUMN to_value;
DROP INDEX orders.ticket_by_state;
DROP TABLE orders.order_line
"""
RESTORE = """
ALTER TABLE orders.order_history DROP COLUMN moved, ADD COLUMN axis text NOT NULL,
    ADD COLUMN from_value text NOT NULL, ADD COLUMN to_value text NOT NULL;
ALTER TABLE orders.ticket DROP COLUMN body, ADD COLUMN order_number integer NOT NULL,
    ADD COLUMN station_name text NOT NULL, ADD COLUMN course text NOT NULL,
    ADD COLUMN order_type text NOT NULL, ADD COLUMN target_at timestamptz NOT NULL,
    ADD COLUMN allergens jsonb NOT NULL, ADD COLUMN lines jsonb NOT NULL, ADD COLUMN guest_allergy jsonb,
    ADD COLUMN allergy_acknowledged_at timestamptz;
ALTER TABLE orders.orders DROP COLUMN item_names, DROP COLUMN body, ADD COLUMN order_type text NOT NULL,
    ADD COLUMN covers integer NOT NULL, ADD COLUMN currency_code text NOT NULL,
    ADD COLUMN completed_at timestamptz, ADD COLUMN bill_mode text NOT NULL,
    ADD COLUMN menu_version bigint NOT NULL, ADD COLUMN goods_minor bigint NOT NULL,
    ADD COLUMN discount_minor bigint NOT NULL, ADD COLUMN service_charge_minor bigint NOT NULL,
    ADD COLUMN vat_minor bigint NOT NULL, ADD COLUMN total_minor bigint NOT NULL,
    ADD COLUMN paid_minor bigint NOT NULL, ADD COLUMN vat jsonb NOT NULL,
    ADD COLUMN placed_by_id text NOT NULL, ADD COLUMN placed_by_name text NOT NULL,
    ADD COLUMN placed_by_device text NOT NULL, ADD COLUMN guest_allergy jsonb,
    ADD CONSTRAINT orders_amounts CHECK (goods_minor >= 0 AND discount_minor >= 0
        AND service_charge_minor >= 0 AND vat_minor >= 0 AND paid_minor >= 0),
    ADD CONSTRAINT orders_total CHECK (total_minor = goods_minor + service_charge_minor
        + CASE WHEN bill_mode = 'exclusive_legacy' THEN vat_minor ELSE 0 END);
CREATE TABLE orders.order_line (
    restaurant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    id uuid NOT NULL,
    position integer NOT NULL,
    item_id uuid NOT NULL,
    category_id uuid NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL,
    unit_price_minor bigint NOT NULL,
    options jsonb NOT NULL,
    note text NOT NULL,
    seat integer NOT NULL,
    course text NOT NULL,
    hold boolean NOT NULL,
    gross_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    vat_rate_bp integer NOT NULL,
    vat_minor bigint NOT NULL,
    allergens jsonb NOT NULL,
    kitchen_state text NOT NULL,
    voided boolean NOT NULL,
    stock_tracked boolean NOT NULL,
    CONSTRAINT order_line_pkey PRIMARY KEY (restaurant_id, order_id, id),
    CONSTRAINT order_line_amounts CHECK (quantity > 0 AND unit_price_minor >= 0 AND vat_minor >= 0
        AND gross_minor >= 0 AND discount_minor BETWEEN 0 AND gross_minor),
    CONSTRAINT order_line_kitchen CHECK (
        kitchen_state IN ('held', 'queued', 'preparing', 'ready', 'served', 'cancelled'))
)
"""
ANY = "SELECT EXISTS (SELECT 1 FROM orders.orders) OR EXISTS (SELECT 1 FROM orders.ticket)"
NOWHERE = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    connection = op.get_bind()
    op.execute(LOCK)
    _run(ADD)
    for table in TABLES:
        op.execute(
            f"CREATE POLICY migration ON orders.{table} TO CURRENT_USER USING (true) WITH CHECK (true)"
        )
    for rows in _batches(connection, ORDERS):
        lines = [json.loads(row.lines_json or "[]") for row in rows]
        connection.execute(
            KEEP_ORDERS,
            {
                "places": [row.restaurant_id for row in rows],
                "ids": [row.id for row in rows],
                "names": ["\n".join(line["name"] for line in of_order) for of_order in lines],
                "bodies": [
                    order_message(row, of_order).SerializeToString()
                    for row, of_order in zip(rows, lines, strict=True)
                ],
            },
        )
    for rows in _batches(connection, TICKETS):
        connection.execute(
            KEEP_TICKETS,
            {
                "places": [row.restaurant_id for row in rows],
                "ids": [row.id for row in rows],
                "bodies": [ticket_message(row).SerializeToString() for row in rows],
            },
        )
    op.execute(MOVED)
    for table in TABLES:
        op.execute(f"DROP POLICY migration ON orders.{table}")
    _run(DROP)


def downgrade() -> None:
    if op.get_bind().execute(text(ANY)).scalar():
        raise RuntimeError(
            "There are orders, which the code before this revision cannot read: restore the database from a"
            " backup made before it instead."
        )
    _run(RESTORE)
    protect_tenant_table(op, "orders", "order_line")
    index_concurrently(op, "orders", "ticket_by_state", "ticket (restaurant_id, state, created_at, id)")


def order_message(row: Any, lines: list[dict[str, Any]]) -> orders_pb2.Order:
    """The order of a row of revision 0012 and its lines, in their order."""
    waiting = row.lifecycle == "validated" and any(_waits(line) for line in lines)
    return orders_pb2.Order(
        id=str(row.id),
        restaurant_id=str(row.restaurant_id),
        number=row.number,
        state=orders_pb2.OrderState.Value(f"ORDER_STATE_{row.state.upper()}"),
        lifecycle=orders_pb2.Lifecycle.Value(f"LIFECYCLE_{row.lifecycle.upper()}"),
        payment_state=orders_pb2.PaymentState.Value(f"PAYMENT_STATE_{row.payment_state.upper()}"),
        kitchen_state=_kitchen(row.kitchen_state),
        service_flow=orders_pb2.ServiceFlow.Value(f"SERVICE_FLOW_{row.service_flow.upper()}"),
        order_type=common_pb2.OrderType.Value(f"ORDER_TYPE_{row.order_type.upper()}"),
        covers=row.covers,
        currency_code=row.currency_code,
        business_date=row.business_date.isoformat(),
        created_at=timestamp(row.created_at),
        updated_at=timestamp(row.updated_at),
        version=row.version,
        lines=[_line(line) for line in lines],
        vat=[
            orders_pb2.VatGroup(rate_bp=rate_bp, gross_minor=gross_minor, vat_minor=vat_minor)
            for rate_bp, gross_minor, vat_minor in json.loads(row.vat_json)
        ],
        totals=orders_pb2.OrderTotals(
            goods_minor=row.goods_minor,
            discount_minor=row.discount_minor,
            service_charge_minor=row.service_charge_minor,
            vat_minor=row.vat_minor,
            total_minor=row.total_minor,
            paid_minor=row.paid_minor,
            due_minor=max(0, row.total_minor - row.paid_minor),
        ),
        bill_mode=common_pb2.BillMode.Value(f"BILL_MODE_{row.bill_mode.upper()}"),
        menu_version=row.menu_version,
        placed_by=common_pb2.Actor(
            user_id=row.placed_by_id, name=row.placed_by_name, device_id=row.placed_by_device
        ),
        completed_at=timestamp(row.completed_at),
        unsent_since=timestamp(row.placed_at) if waiting else None,
        guest_allergy=_allergy(row.allergy_json),
    )


def ticket_message(row: Any) -> orders_pb2.Ticket:
    """The ticket of a row of revision 0012."""
    return orders_pb2.Ticket(
        id=str(row.id),
        order_id=str(row.order_id),
        order_number=row.order_number,
        station_id=str(row.station_id),
        station_name=row.station_name,
        revision=row.revision,
        state=_kitchen(row.state),
        course=row.course,
        order_type=common_pb2.OrderType.Value(f"ORDER_TYPE_{row.order_type.upper()}"),
        allergens=json.loads(row.allergens_json),
        lines=[_ticket_line(line) for line in json.loads(row.lines_json)],
        created_at=timestamp(row.created_at),
        target_at=timestamp(row.target_at),
        ready_at=timestamp(row.ready_at),
        acknowledged_at=timestamp(row.acknowledged_at),
        business_date=row.business_date.isoformat(),
        guest_allergy=_allergy(row.allergy_json),
        allergy_acknowledged_at=timestamp(row.allergy_acknowledged_at),
    )


def _line(line: dict[str, Any]) -> orders_pb2.OrderLine:
    return orders_pb2.OrderLine(
        id=line["id"],
        item_id=line["item_id"],
        category_id=line["category_id"],
        name=line["name"],
        quantity=line["quantity"],
        unit_price_minor=line["unit_price_minor"],
        options=_options(line["options"]),
        note=line["note"],
        seat=line["seat"],
        course=line["course"],
        hold=line["hold"],
        gross_minor=line["gross_minor"],
        discount_minor=line["discount_minor"],
        vat_rate_bp=line["vat_rate_bp"],
        vat_minor=line["vat_minor"],
        kitchen_state=_kitchen(line["kitchen_state"]),
        voided=line["voided"],
        allergens=line["allergens"],
        stock_tracked=line["stock_tracked"],
    )


def _waits(line: dict[str, Any]) -> bool:
    return line["kitchen_state"] == "held" and not (line["voided"] or line["hold"] or line["course"])


def _ticket_line(line: dict[str, Any]) -> orders_pb2.TicketLine:
    return orders_pb2.TicketLine(
        id=line["id"],
        name=line["name"],
        quantity=line["quantity"],
        options=_options(line["options"]),
        note=line["note"],
        state=_kitchen(line["state"]),
        seat=line["seat"],
        ready_at=timestamp(datetime.fromisoformat(line["ready_at"])) if line["ready_at"] else None,
    )


def _options(stored: Iterable[list[Any]]) -> list[orders_pb2.ChosenOption]:
    return [
        orders_pb2.ChosenOption(option_id=option_id, name=name, quantity=quantity, price_delta_minor=delta)
        for option_id, name, quantity, delta in stored
    ]


def _allergy(stored: str | None) -> orders_pb2.GuestAllergy | None:
    if stored is None:
        return None
    said = json.loads(stored)
    return orders_pb2.GuestAllergy(allergens=said["allergens"], text=said["text"])


def _kitchen(state: str) -> Any:
    return orders_pb2.KitchenState.Value(f"KITCHEN_STATE_{state.upper()}")


def _batches(connection: Connection, statement: TextClause) -> Iterator[list[Any]]:
    """All rows by restaurant and id, at most BATCH at a time."""
    place, row_id = NOWHERE, NOWHERE
    while rows := list(connection.execute(statement, {"place": place, "id": row_id, "batch": BATCH}).all()):
        yield rows
        place, row_id = rows[-1].restaurant_id, rows[-1].id


def _run(statements: str) -> None:
    for statement in statements.split(";\n"):
        op.execute(statement)
