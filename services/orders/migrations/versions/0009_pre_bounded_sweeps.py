"""Sweeps and lists that cost what they answer, however many tickets and orders there are.

Runs before the new code. The old code goes on with ``orders_past_day``, which the new one does not call, and
calls ``orders_to_complete`` as before.
"""

from alembic import op

from chassis.db.migrations import index_concurrently

revision = "0009"
down_revision = "0008"

OPEN = "state IN ('queued', 'preparing', 'ready') OR state = 'cancelled' AND acknowledged_at IS NULL"
PAST_DAY_INDEX = f"ticket (restaurant_id, business_date, order_id) WHERE {OPEN}"
OLD_PAST_DAY_INDEX = f"ticket (restaurant_id, business_date) WHERE {OPEN}"
TABLE_INDEX = "orders (restaurant_id, table_id, created_at, id) WHERE table_id IS NOT NULL"
UNSEEN_INDEX = "ticket (restaurant_id, created_at, id) WHERE state = 'cancelled' AND acknowledged_at IS NULL"
READY_INDEX = "ticket (restaurant_id, ready_at) WHERE state = 'ready'"
OLD_UNSEEN_INDEX = (
    "ticket (restaurant_id, created_at, id) WHERE state = 'cancelled' AND acknowledged_at IS NULL"
)
READY_INDEX = "ticket (restaurant_id, ready_at) WHERE state = 'ready'"
OLD_READY_INDEX = "ticket (ready_at) WHERE state = 'ready'"
# Restaurant by restaurant, in the order of the index, until there are enough: what is left is not looked at.
PAST_DAY = f"""
CREATE OR REPLACE FUNCTION orders.tickets_past_day(
    p_zones text[], p_cutoffs integer[], p_days date[], p_fired_before timestamptz,
    p_after_restaurant uuid, p_after_day date, p_after_order uuid, p_limit integer
) RETURNS TABLE (restaurant_id uuid, business_date date, order_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_place record;
    v_rows bigint;
    v_left bigint := p_limit;
    v_day date;
    v_order uuid;
BEGIN
    FOR v_place IN
        SELECT r.restaurant_id AS id, rule.day
        FROM unnest(p_zones, p_cutoffs, p_days) AS rule (zone, cutoff, day)
        JOIN restaurant r ON r.time_zone = rule.zone AND r.day_cutoff_minutes = rule.cutoff
        WHERE r.restaurant_id >= p_after_restaurant ORDER BY r.restaurant_id
    LOOP
        v_day := CASE WHEN v_place.id = p_after_restaurant THEN p_after_day ELSE '-infinity' END;
        v_order := CASE WHEN v_place.id = p_after_restaurant THEN p_after_order
                        ELSE '00000000-0000-0000-0000-000000000000' END;
        RETURN QUERY SELECT DISTINCT t.restaurant_id, t.business_date, t.order_id FROM ticket t
            WHERE t.restaurant_id = v_place.id AND ({OPEN.replace("state", "t.state")})
              AND t.business_date < v_place.day AND t.created_at < p_fired_before
              AND (t.business_date, t.order_id) > (v_day, v_order)
            ORDER BY t.restaurant_id, t.business_date, t.order_id LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
        EXIT WHEN v_left <= 0;
    END LOOP;
END $$
"""  # noqa: S608
ARGUMENTS = "text[], integer[], date[], timestamptz, uuid, date, uuid, integer"
# As above, for restaurants that want it. An order with two tickets is named twice. The aggregate over one
# order's tickets can go by nothing but their order.
BY_RESTAURANT = """
CREATE OR REPLACE FUNCTION orders.orders_to_complete(p_ready_before timestamptz, p_limit integer)
RETURNS TABLE (restaurant_id uuid, order_id uuid) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = orders, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_place uuid;
    v_rows bigint;
    v_left bigint := p_limit;
BEGIN
    FOR v_place IN SELECT r.restaurant_id FROM restaurant r WHERE r.auto_complete LOOP
        RETURN QUERY SELECT o.restaurant_id, o.id
            FROM ticket t JOIN orders o ON o.restaurant_id = v_place AND o.id = t.order_id
            WHERE t.restaurant_id = v_place AND t.state = 'ready' AND t.ready_at < p_ready_before
              AND o.lifecycle = 'validated' AND o.payment_state = 'paid' AND o.kitchen_state = 'ready'
              AND (SELECT bool_and(each.state <> 'ready' OR each.ready_at < p_ready_before) FROM ticket each
                   WHERE each.restaurant_id = o.restaurant_id AND each.order_id = o.id)
            ORDER BY t.ready_at LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
        EXIT WHEN v_left <= 0;
    END LOOP;
END $$
"""
BY_TICKET = """
CREATE OR REPLACE FUNCTION orders.orders_to_complete(p_ready_before timestamptz, p_limit integer)
RETURNS TABLE (restaurant_id uuid, order_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = orders, pg_temp AS $$
    SELECT o.restaurant_id, o.id
    FROM (SELECT DISTINCT t.restaurant_id, t.order_id FROM ticket t
          WHERE t.state = 'ready' AND t.ready_at < p_ready_before) AS past
    JOIN orders o ON o.restaurant_id = past.restaurant_id AND o.id = past.order_id
    WHERE o.lifecycle = 'validated' AND o.payment_state = 'paid' AND o.kitchen_state = 'ready'
      AND EXISTS (
          SELECT 1 FROM restaurant r WHERE r.restaurant_id = o.restaurant_id AND r.auto_complete)
      AND (SELECT bool_and(t.state <> 'ready' OR t.ready_at < p_ready_before) FROM ticket t
           WHERE t.restaurant_id = o.restaurant_id AND t.order_id = o.id)
    LIMIT p_limit
$$
"""


def upgrade() -> None:
    op.execute(PAST_DAY)
    op.execute(f"REVOKE ALL ON FUNCTION orders.tickets_past_day({ARGUMENTS}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION orders.tickets_past_day({ARGUMENTS}) TO fynlo_orders")
    op.execute(BY_RESTAURANT)
    index_concurrently(op, "orders", "ticket_past_day", PAST_DAY_INDEX)
    index_concurrently(op, "orders", "orders_by_table", TABLE_INDEX)
    index_concurrently(op, "orders", "ticket_ready", READY_INDEX)
    index_concurrently(op, "orders", "ticket_unseen", UNSEEN_INDEX)
    for index in ("ticket_open_day", "ticket_waiting"):
        op.execute(f"DROP INDEX IF EXISTS orders.{index}")


def downgrade() -> None:
    index_concurrently(op, "orders", "ticket_open_day", OLD_PAST_DAY_INDEX)
    index_concurrently(op, "orders", "ticket_waiting", OLD_READY_INDEX)
    for index in ("ticket_unseen", "ticket_ready", "orders_by_table", "ticket_past_day"):
        op.execute(f"DROP INDEX orders.{index}")
    op.execute(BY_TICKET)
    op.execute(f"DROP FUNCTION orders.tickets_past_day({ARGUMENTS})")
