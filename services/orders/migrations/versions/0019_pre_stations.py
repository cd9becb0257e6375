"""Stations have routes, a target in seconds, a fallback, and can be closed or removed; late tickets are told
once a revision; how long a station takes is kept by hour and day; what no station takes is told once.

Runs before the new code. The old code goes on with categories, the default station and whole minutes, which
mean what they did: a station that has no seconds of its own has those of its minutes.
"""

from alembic import op

from chassis.db.migrations import protect_tenant_table

revision = "0019"
down_revision = "0017"

COLUMNS = """
ALTER TABLE orders.station
    ADD COLUMN target_seconds integer,
    ADD COLUMN routes jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN fallback_id uuid,
    ADD COLUMN is_closed boolean NOT NULL DEFAULT false,
    ADD COLUMN is_removed boolean NOT NULL DEFAULT false;
ALTER TABLE orders.ticket ADD COLUMN late_revision integer NOT NULL DEFAULT 0
"""
TABLES = {
    "station_time": """
CREATE TABLE orders.station_time (
    restaurant_id uuid NOT NULL,
    station_id uuid NOT NULL,
    span text NOT NULL,
    starts_at timestamptz NOT NULL,
    tickets integer NOT NULL,
    p50_seconds integer NOT NULL,
    p90_seconds integer NOT NULL,
    CONSTRAINT station_time_pkey PRIMARY KEY (restaurant_id, station_id, span, starts_at)
)
""",
    "unrouted_item": """
CREATE TABLE orders.unrouted_item (
    restaurant_id uuid NOT NULL,
    item_id uuid NOT NULL,
    name text NOT NULL,
    order_id uuid,
    order_number integer NOT NULL,
    raised_at timestamptz NOT NULL,
    CONSTRAINT unrouted_item_pkey PRIMARY KEY (restaurant_id, item_id)
)
""",
}
# Restaurant by restaurant, of those with open tickets; an index range for each station and state, from its
# oldest ticket of the time that is looked at to the first that is not late.
LATE = """
CREATE FUNCTION orders.tickets_late(
    p_at timestamptz, p_fired_after timestamptz, p_after_restaurant uuid, p_after timestamptz,
    p_after_ticket uuid, p_limit integer
) RETURNS TABLE (restaurant_id uuid, created_at timestamptz, ticket_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_place uuid;
    v_rows bigint;
    v_left bigint := p_limit;
    v_at timestamptz;
    v_ticket uuid;
BEGIN
    FOR v_place IN SELECT r.restaurant_id FROM restaurant r
                   WHERE r.restaurant_id >= p_after_restaurant AND EXISTS (
                       SELECT 1 FROM order_day d WHERE d.restaurant_id = r.restaurant_id
                         AND d.business_date >= p_fired_after::date - 1 AND d.tickets_open > 0)
                   ORDER BY r.restaurant_id
    LOOP
        v_at := CASE WHEN v_place = p_after_restaurant THEN p_after ELSE '-infinity' END;
        v_ticket := CASE WHEN v_place = p_after_restaurant THEN p_after_ticket
                         ELSE '00000000-0000-0000-0000-000000000000' END;
        RETURN QUERY SELECT v_place, found.created_at, found.id
            FROM station s CROSS JOIN unnest('{queued,preparing}'::text[]) AS wanted (state)
            CROSS JOIN LATERAL (
                SELECT t.created_at, t.id FROM ticket t
                WHERE t.restaurant_id = v_place AND t.station_id = s.id AND t.state = wanted.state
                  AND t.created_at >= greatest(p_fired_after, v_at)
                  AND t.created_at <= p_at
                      - make_interval(secs => coalesce(s.target_seconds, s.target_minutes * 60))
                  AND (t.created_at, t.id) > (v_at, v_ticket) AND t.late_revision < t.revision
                ORDER BY t.created_at, t.id LIMIT v_left
            ) AS found
            WHERE s.restaurant_id = v_place
            ORDER BY found.created_at, found.id LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
        EXIT WHEN v_left <= 0;
    END LOOP;
END $$
"""
BUSY = """
CREATE FUNCTION orders.restaurants_busy(p_since date, p_after uuid, p_limit integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
    SELECT r.restaurant_id FROM restaurant r
    WHERE r.restaurant_id > p_after AND EXISTS (
        SELECT 1 FROM order_day d WHERE d.restaurant_id = r.restaurant_id AND d.business_date >= p_since)
    ORDER BY r.restaurant_id LIMIT p_limit
$$
"""
SIGNATURES = (
    "orders.tickets_late(timestamptz, timestamptz, uuid, timestamptz, uuid, integer)",
    "orders.restaurants_busy(date, uuid, integer)",
)


def upgrade() -> None:
    for statement in COLUMNS.split(";"):
        op.execute(statement)
    for table, ddl in TABLES.items():
        op.execute(ddl)
        protect_tenant_table(op, "orders", table)
    for function in (LATE, BUSY):
        op.execute(function)
    for signature in SIGNATURES:
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO fynlo_orders")
    # Which stations are whose is seen across restaurants by the functions above, and by nothing else.
    op.execute("CREATE POLICY sweep ON orders.station FOR SELECT TO CURRENT_USER USING (true)")


def downgrade() -> None:
    op.execute("DROP POLICY sweep ON orders.station")
    for signature in SIGNATURES:
        op.execute(f"DROP FUNCTION {signature}")
    for table in TABLES:
        op.execute(f"DROP TABLE orders.{table}")
    op.execute("ALTER TABLE orders.ticket DROP COLUMN late_revision")
    for column in ("target_seconds", "routes", "fallback_id", "is_closed", "is_removed"):
        op.execute(f"ALTER TABLE orders.station DROP COLUMN {column}")
