"""Alarms of tickets as states, and tickets that leave the kitchen with their business day.

Runs before the new code. Alarms that stand while the old code runs are unknown to the new one and end at the
tills as they did. Cancelled tickets of earlier days, which nobody could acknowledge, count as seen.
"""

from alembic import op
from fynlo.common.v1.common_pb2 import RestaurantSettings
from sqlalchemy import text

from chassis.db.migrations import index_concurrently

revision = "0005"
down_revision = "0004"

ALARMS = """
ALTER TABLE orders.ticket
    ADD COLUMN alarm_cause text NOT NULL DEFAULT '',
    ADD COLUMN alarm_at timestamptz
"""
ALARM_INDEX = "ticket (restaurant_id, alarm_at) WHERE alarm_cause <> ''"
OPEN = "state IN ('queued', 'preparing', 'ready') OR state = 'cancelled' AND acknowledged_at IS NULL"
OPEN_INDEX = f"ticket (restaurant_id, business_date) WHERE {OPEN}"
DAYS = """
ALTER TABLE orders.restaurant
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
    ADD COLUMN day_cutoff_minutes integer NOT NULL DEFAULT 240
"""
SEEN = """
UPDATE orders.ticket SET acknowledged_at = created_at
WHERE state = 'cancelled' AND acknowledged_at IS NULL AND business_date < current_date - 1
"""
SAVE_DAY = text("""
UPDATE orders.restaurant SET time_zone = :zone, day_cutoff_minutes = :cutoff WHERE restaurant_id = :id
""")
# As orders_due: across restaurants, and nothing of an order but where it is. What day it is somewhere is the
# caller's to say, for every rule by which some restaurant counts its days.
RULES = """
CREATE FUNCTION orders.day_rules() RETURNS TABLE (time_zone text, day_cutoff_minutes integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
    SELECT DISTINCT r.time_zone, r.day_cutoff_minutes FROM restaurant r
$$
"""
PAST_DAY = f"""
CREATE FUNCTION orders.orders_past_day(
    p_zones text[], p_cutoffs integer[], p_days date[], p_fired_before timestamptz,
    p_after_restaurant uuid, p_after_order uuid, p_limit integer
) RETURNS TABLE (restaurant_id uuid, order_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = orders, pg_temp AS $$
    SELECT DISTINCT t.restaurant_id, t.order_id
    FROM unnest(p_zones, p_cutoffs, p_days) AS rule (zone, cutoff, day)
    JOIN restaurant r ON r.time_zone = rule.zone AND r.day_cutoff_minutes = rule.cutoff
    JOIN ticket t ON t.restaurant_id = r.restaurant_id AND t.business_date < rule.day
    WHERE ({OPEN.replace("state", "t.state").replace("acknowledged_at", "t.acknowledged_at")})
      AND t.created_at < p_fired_before
      AND (t.restaurant_id, t.order_id) > (p_after_restaurant, p_after_order)
    ORDER BY 1, 2 LIMIT p_limit
$$
"""  # noqa: S608
FUNCTIONS = (
    "day_rules()",
    "orders_past_day(text[], integer[], date[], timestamptz, uuid, uuid, integer)",
)


def upgrade() -> None:
    for statement in (ALARMS, DAYS):
        op.execute(statement)
    for table in ("restaurant", "ticket"):
        op.execute(
            f"CREATE POLICY migration ON orders.{table} TO CURRENT_USER USING (true) WITH CHECK (true)"
        )
    connection = op.get_bind()
    stored = connection.execute(
        text("SELECT restaurant_id, settings FROM orders.restaurant WHERE settings <> ''")
    )
    for restaurant_id, raw in stored.all():
        settings = RestaurantSettings.FromString(raw)
        values = {"zone": settings.time_zone, "cutoff": settings.day_cutoff_minutes, "id": restaurant_id}
        connection.execute(SAVE_DAY, values)
    op.execute(SEEN)
    for table in ("restaurant", "ticket"):
        op.execute(f"DROP POLICY migration ON orders.{table}")
    for statement in (RULES, PAST_DAY):
        op.execute(statement)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION orders.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION orders.{function} TO fynlo_orders")
    index_concurrently(op, "orders", "ticket_in_alarm", ALARM_INDEX)
    index_concurrently(op, "orders", "ticket_open_day", OPEN_INDEX)


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION orders.{function}")
    op.execute("DROP INDEX orders.ticket_open_day")
    op.execute("DROP INDEX orders.ticket_in_alarm")
    op.execute("ALTER TABLE orders.restaurant DROP COLUMN time_zone, DROP COLUMN day_cutoff_minutes")
    op.execute("ALTER TABLE orders.ticket DROP COLUMN alarm_cause, DROP COLUMN alarm_at")
