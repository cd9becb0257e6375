"""Sweeps go round through what is due, so that a hundred orders that cannot be settled delay no other.

Runs before the new code. The old code goes on with ``orders_due`` and ``orders_to_complete`` without a place,
which the new one does not call.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

# Oldest first, behind a place: the time and the order that had the last turn.
DUE = """
CREATE OR REPLACE FUNCTION orders.{name}(
    p_before timestamptz, p_after timestamptz, p_after_order uuid, p_limit integer
) RETURNS TABLE (updated_at timestamptz, restaurant_id uuid, order_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
    SELECT o.updated_at, o.restaurant_id, o.id FROM orders o
    WHERE {condition} AND o.updated_at < p_before AND (o.updated_at, o.id) > (p_after, p_after_order)
    ORDER BY o.updated_at, o.id LIMIT p_limit
$$
"""
DUE_ARGUMENTS = "timestamptz, timestamptz, uuid, integer"
CONDITIONS = {
    "orders_cancelling_since": "o.lifecycle = 'cancel_pending'",
    "orders_unpaid_since": (
        "o.service_flow = 'pay_first' AND o.payment_state = 'unpaid'"
        " AND o.lifecycle IN ('draft', 'validated')"
    ),
}
# Restaurant by restaurant, each by the time of its tickets. An order with two tickets is named twice. The
# aggregate over one order's tickets can go by nothing but their order.
TO_COMPLETE = """
CREATE OR REPLACE FUNCTION orders.orders_to_complete(
    p_ready_before timestamptz, p_after_restaurant uuid, p_after timestamptz, p_after_order uuid,
    p_limit integer
) RETURNS TABLE (restaurant_id uuid, ready_at timestamptz, order_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_place uuid;
    v_rows bigint;
    v_left bigint := p_limit;
    v_at timestamptz;
    v_order uuid;
BEGIN
    FOR v_place IN SELECT r.restaurant_id FROM restaurant r
                   WHERE r.auto_complete AND r.restaurant_id >= p_after_restaurant ORDER BY r.restaurant_id
    LOOP
        v_at := CASE WHEN v_place = p_after_restaurant THEN p_after ELSE '-infinity' END;
        v_order := CASE WHEN v_place = p_after_restaurant THEN p_after_order
                        ELSE '00000000-0000-0000-0000-000000000000' END;
        RETURN QUERY SELECT o.restaurant_id, t.ready_at, o.id
            FROM ticket t JOIN orders o ON o.restaurant_id = v_place AND o.id = t.order_id
            WHERE t.restaurant_id = v_place AND t.state = 'ready' AND t.ready_at < p_ready_before
              AND (t.ready_at, t.order_id) > (v_at, v_order)
              AND o.lifecycle = 'validated' AND o.payment_state = 'paid' AND o.kitchen_state = 'ready'
              AND (SELECT bool_and(each.state <> 'ready' OR each.ready_at < p_ready_before) FROM ticket each
                   WHERE each.restaurant_id = o.restaurant_id AND each.order_id = o.id)
            ORDER BY t.ready_at, t.order_id LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
        EXIT WHEN v_left <= 0;
    END LOOP;
END $$
"""
TO_COMPLETE_ARGUMENTS = "timestamptz, uuid, timestamptz, uuid, integer"
SIGNATURES = [
    *(f"{name}({DUE_ARGUMENTS})" for name in CONDITIONS),
    f"orders_to_complete({TO_COMPLETE_ARGUMENTS})",
]


def upgrade() -> None:
    for name, condition in CONDITIONS.items():
        op.execute(DUE.format(name=name, condition=condition))
    op.execute(TO_COMPLETE)
    for signature in SIGNATURES:
        op.execute(f"REVOKE ALL ON FUNCTION orders.{signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION orders.{signature} TO fynlo_orders")


def downgrade() -> None:
    for signature in SIGNATURES:
        op.execute(f"DROP FUNCTION orders.{signature}")
