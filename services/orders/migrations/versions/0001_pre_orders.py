"""The orders schema as it starts: orders and their parts, the kitchen, copies, the figures of a day."""

from alembic import op

from chassis.db.migrations import create_chassis_schema, drop_chassis_schema, protect_tenant_table

revision = "0001"
down_revision = None

TABLES = (
    "restaurant",
    "menu_part",
    "station",
    "orders",
    "order_line",
    "ticket",
    "order_history",
    "order_payment",
    "order_day",
)
APPEND_ONLY = {"order_history", "order_payment"}

DDL = """
CREATE TABLE orders.restaurant (
    restaurant_id uuid NOT NULL,
    settings_version bigint NOT NULL,
    settings bytea,
    menu_version bigint NOT NULL,
    menu bytea,
    menu_wanted bigint NOT NULL,
    stations_version bigint NOT NULL,
    CONSTRAINT restaurant_pkey PRIMARY KEY (restaurant_id)
);
CREATE TABLE orders.menu_part (
    restaurant_id uuid NOT NULL,
    version bigint NOT NULL,
    part integer NOT NULL,
    parts integer NOT NULL,
    previous_version bigint NOT NULL,
    payload bytea NOT NULL,
    CONSTRAINT menu_part_pkey PRIMARY KEY (restaurant_id, version, part)
);
CREATE TABLE orders.station (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    position integer NOT NULL,
    category_ids uuid[] NOT NULL,
    is_default boolean NOT NULL,
    target_minutes integer NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT station_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX station_default ON orders.station (restaurant_id) WHERE is_default;
CREATE TABLE orders.orders (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    lifecycle text NOT NULL,
    payment_state text NOT NULL,
    kitchen_state text NOT NULL,
    service_flow text NOT NULL,
    order_type text NOT NULL,
    table_id uuid,
    covers integer NOT NULL,
    currency_code text NOT NULL,
    business_date date NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    placed_at timestamptz,
    completed_at timestamptz,
    version bigint NOT NULL,
    bill_mode text NOT NULL,
    menu_version bigint NOT NULL,
    goods_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    service_charge_minor bigint NOT NULL,
    vat_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    vat jsonb NOT NULL,
    placed_by_id text NOT NULL,
    placed_by_name text NOT NULL,
    placed_by_device text NOT NULL,
    content_hash bytea NOT NULL,
    history_rows integer NOT NULL,
    cancel_reason text NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (restaurant_id, id),
    CONSTRAINT orders_amounts CHECK (goods_minor >= 0 AND discount_minor >= 0 AND service_charge_minor >= 0
        AND vat_minor >= 0 AND paid_minor >= 0),
    CONSTRAINT orders_total CHECK (total_minor = goods_minor + service_charge_minor
        + CASE WHEN bill_mode = 'exclusive_legacy' THEN vat_minor ELSE 0 END),
    CONSTRAINT orders_lifecycle CHECK (
        lifecycle IN ('draft', 'validated', 'done', 'cancel_pending', 'cancelled', 'invoiced')),
    CONSTRAINT orders_placed CHECK ((placed_at IS NULL) = (number = 0))
);
CREATE INDEX orders_by_day ON orders.orders (restaurant_id, business_date, created_at, id);
CREATE INDEX orders_by_state ON orders.orders (restaurant_id, state, created_at, id);
CREATE INDEX orders_cancelling ON orders.orders (updated_at) WHERE lifecycle = 'cancel_pending';
CREATE INDEX orders_newest ON orders.orders (restaurant_id, created_at, id);
CREATE UNIQUE INDEX orders_number ON orders.orders (restaurant_id, number, business_date) WHERE number > 0;
CREATE INDEX orders_unpaid ON orders.orders (updated_at)
    WHERE service_flow = 'pay_first' AND payment_state = 'unpaid'
    AND lifecycle IN ('draft', 'validated');
CREATE INDEX orders_updated ON orders.orders (restaurant_id, updated_at, id);
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
);
CREATE TABLE orders.ticket (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    order_number integer NOT NULL,
    station_id uuid NOT NULL,
    station_name text NOT NULL,
    revision integer NOT NULL,
    state text NOT NULL,
    course text NOT NULL,
    order_type text NOT NULL,
    business_date date NOT NULL,
    created_at timestamptz NOT NULL,
    target_at timestamptz NOT NULL,
    ready_at timestamptz,
    acknowledged_at timestamptz,
    allergens jsonb NOT NULL,
    lines jsonb NOT NULL,
    undelivered_revision integer NOT NULL,
    CONSTRAINT ticket_pkey PRIMARY KEY (restaurant_id, id),
    CONSTRAINT ticket_state CHECK (state IN ('queued', 'preparing', 'ready', 'served', 'cancelled'))
);
CREATE INDEX ticket_by_order ON orders.ticket (restaurant_id, order_id);
CREATE INDEX ticket_by_state ON orders.ticket (restaurant_id, state, created_at, id);
CREATE INDEX ticket_by_station ON orders.ticket (restaurant_id, station_id, state, created_at, id);
CREATE TABLE orders.order_history (
    restaurant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    sequence integer NOT NULL,
    axis text NOT NULL,
    from_value text NOT NULL,
    to_value text NOT NULL,
    command_id text NOT NULL,
    actor_id text NOT NULL,
    actor_name text NOT NULL,
    device_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    reason text NOT NULL,
    CONSTRAINT order_history_pkey PRIMARY KEY (restaurant_id, order_id, sequence)
);
CREATE TABLE orders.order_payment (
    restaurant_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    sequence bigint NOT NULL,
    method text NOT NULL,
    amount_minor bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT order_payment_pkey PRIMARY KEY (restaurant_id, payment_id)
);
CREATE INDEX order_payment_by_order ON orders.order_payment (restaurant_id, order_id);
CREATE TABLE orders.order_day (
    restaurant_id uuid NOT NULL,
    business_date date NOT NULL,
    last_number integer NOT NULL,
    placed bigint NOT NULL,
    done bigint NOT NULL,
    cancelled bigint NOT NULL,
    gross_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    tickets_open bigint NOT NULL,
    CONSTRAINT order_day_pkey PRIMARY KEY (restaurant_id, business_date)
);
"""

# The sweeper looks across restaurants, and sees nothing of an order but where it is: the owner may read the
# rows, the service may call the function.
DUE = """
CREATE FUNCTION orders.orders_due(
    p_cancelling_before timestamptz, p_unpaid_before timestamptz, p_limit integer
) RETURNS TABLE (restaurant_id uuid, order_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = orders, pg_temp AS $$
    (SELECT o.restaurant_id, o.id FROM orders o
     WHERE o.lifecycle = 'cancel_pending' AND o.updated_at < p_cancelling_before
     ORDER BY o.updated_at LIMIT p_limit)
    UNION ALL
    (SELECT o.restaurant_id, o.id FROM orders o
     WHERE o.service_flow = 'pay_first' AND o.payment_state = 'unpaid'
       AND o.lifecycle IN ('draft', 'validated') AND o.updated_at < p_unpaid_before
     ORDER BY o.updated_at LIMIT p_limit)
$$
"""
DUE_ARGUMENTS = "timestamptz, timestamptz, integer"


def upgrade() -> None:
    create_chassis_schema(op, "orders")
    for statement in DDL.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in TABLES:
        grants = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        protect_tenant_table(op, "orders", table, grants=grants)
    op.execute("CREATE POLICY sweep ON orders.orders FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(DUE)
    op.execute(f"REVOKE ALL ON FUNCTION orders.orders_due({DUE_ARGUMENTS}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION orders.orders_due({DUE_ARGUMENTS}) TO fynlo_orders")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION orders.orders_due({DUE_ARGUMENTS})")
    for table in reversed(TABLES):
        op.drop_table(table, schema="orders")
    drop_chassis_schema(op, "orders")
