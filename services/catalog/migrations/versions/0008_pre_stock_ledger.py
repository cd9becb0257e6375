"""Every change of a level is a movement, also what orders hold; ingredients have levels, items recipes.

Runs before the new code, under a lock of the levels: what they are that no movement says becomes an opening
movement. The old code goes on, and writes no movement for what orders reserve meanwhile;
`python -m services.catalog.ledger rebuild` books that.
"""

from alembic import op

from chassis.db.migrations import index_concurrently, protect_tenant_table

revision = "0008"
down_revision = "0007"

TABLES = ("stock", "stock_movement", "reservation")
LOCK = "LOCK TABLE catalog.stock IN SHARE ROW EXCLUSIVE MODE"
ADD = """
CREATE TABLE catalog.ingredient (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    unit text NOT NULL,
    version bigint NOT NULL,
    removed boolean NOT NULL DEFAULT false,
    CONSTRAINT ingredient_pkey PRIMARY KEY (restaurant_id, id),
    CONSTRAINT ingredient_unit CHECK (unit IN ('piece', 'gram', 'millilitre'))
);
CREATE UNIQUE INDEX ingredient_name ON catalog.ingredient (restaurant_id, name_key) WHERE NOT removed;
CREATE TABLE catalog.recipe (
    restaurant_id uuid NOT NULL,
    item_id uuid NOT NULL,
    version bigint NOT NULL,
    is_made boolean NOT NULL,
    CONSTRAINT recipe_pkey PRIMARY KEY (restaurant_id, item_id)
);
CREATE TABLE catalog.recipe_take (
    restaurant_id uuid NOT NULL,
    item_id uuid NOT NULL,
    ingredient_id uuid NOT NULL,
    quantity bigint NOT NULL,
    position integer NOT NULL,
    CONSTRAINT recipe_take_pkey PRIMARY KEY (restaurant_id, item_id, ingredient_id),
    CONSTRAINT recipe_take_quantity CHECK (quantity > 0)
);
CREATE INDEX recipe_take_ingredient ON catalog.recipe_take (restaurant_id, ingredient_id);
CREATE TABLE catalog.supplier (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    lead_days integer NOT NULL,
    minimum_minor bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT supplier_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX supplier_name ON catalog.supplier (restaurant_id, name_key);
CREATE TABLE catalog.supply (
    restaurant_id uuid NOT NULL,
    item_id uuid NOT NULL,
    supplier_id uuid NOT NULL,
    pack_size bigint NOT NULL,
    pack_cost_minor bigint NOT NULL,
    safety_days integer NOT NULL,
    on_order bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT supply_pkey PRIMARY KEY (restaurant_id, item_id),
    CONSTRAINT supply_supplier FOREIGN KEY (restaurant_id, supplier_id)
        REFERENCES catalog.supplier (restaurant_id, id),
    CONSTRAINT supply_pack CHECK (pack_size > 0)
);
ALTER TABLE catalog.stock DROP CONSTRAINT stock_item;
ALTER TABLE catalog.stock ADD COLUMN counted_at timestamptz;
ALTER TABLE catalog.stock DROP CONSTRAINT stock_policy;
ALTER TABLE catalog.stock ADD CONSTRAINT stock_policy CHECK (policy IN ('refuse', 'warn', 'allow'));
ALTER TABLE catalog.stock_movement ADD COLUMN reserved bigint NOT NULL DEFAULT 0;
ALTER TABLE catalog.stock_movement ADD COLUMN revision integer NOT NULL DEFAULT 0;
ALTER TABLE catalog.stock_movement ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE catalog.stock_movement ADD COLUMN actor_id uuid;
ALTER TABLE catalog.stock_movement DROP CONSTRAINT stock_movement_kind;
ALTER TABLE catalog.stock_movement ADD CONSTRAINT stock_movement_kind CHECK (kind IN
    ('opening', 'reserve', 'release', 'sale', 'waste', 'count', 'delivery', 'adjustment'));
ALTER TABLE catalog.reservation ADD COLUMN revision integer NOT NULL DEFAULT 0
"""
COMMENTS = {
    "ingredient": "Stock that is not sold itself. Removed ones stay: movements refer to them",
    "recipe": "Of every item that has a recipe, or had one (not is_made)",
    "recipe_take": "What one unit of an item takes of an ingredient, in its unit",
    "supply": "From whom an item or ingredient comes, in which packs",
    "stock": "The level of every item or ingredient that is or was counted",
    "stock_movement": "Every change of a level; their sums are on_hand and reserved. A line leaves the shelf"
    " once",
}
GRANTS = {
    "ingredient": "SELECT, INSERT, UPDATE",
    "recipe": "SELECT, INSERT, UPDATE",
    "recipe_take": "SELECT, INSERT, DELETE",
    "supplier": "SELECT, INSERT, UPDATE, DELETE",
    "supply": "SELECT, INSERT, UPDATE",
}
COUNTED = """
UPDATE catalog.stock AS s SET counted_at = m.counted_at
FROM (SELECT restaurant_id, item_id, max(occurred_at) AS counted_at FROM catalog.stock_movement
      WHERE kind = 'count' GROUP BY 1, 2) AS m
WHERE s.restaurant_id = m.restaurant_id AND s.item_id = m.item_id
"""
OPENING = """
INSERT INTO catalog.stock_movement (restaurant_id, id, item_id, kind, quantity, reserved, on_hand_after,
    occurred_at)
SELECT s.restaurant_id, gen_random_uuid(), s.item_id, 'opening', s.on_hand - coalesce(m.quantity, 0),
    s.reserved, s.on_hand, s.updated_at
FROM catalog.stock AS s LEFT JOIN (
    SELECT restaurant_id, item_id, sum(quantity)::bigint AS quantity FROM catalog.stock_movement
    GROUP BY 1, 2
) AS m ON m.restaurant_id = s.restaurant_id AND m.item_id = s.item_id
WHERE s.reserved <> 0 OR s.on_hand <> coalesce(m.quantity, 0)
"""
# The command looks through all restaurants, and sees nothing of them but that they count stock.
COUNTING = """
CREATE FUNCTION catalog.restaurants_counting(p_after uuid, p_limit integer)
RETURNS TABLE (restaurant_id uuid) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = catalog, pg_temp
AS $$ SELECT DISTINCT s.restaurant_id FROM stock AS s WHERE s.restaurant_id > p_after
      ORDER BY s.restaurant_id LIMIT p_limit $$
"""
SIGNATURE = "catalog.restaurants_counting(uuid, integer)"
INDEXES = {
    "stock_movement_time": "stock_movement (restaurant_id, occurred_at)",
    "stock_movement_once": "stock_movement (restaurant_id, order_id, line_id, item_id, kind, revision)"
    " WHERE order_id IS NOT NULL AND kind <> 'adjustment'",
}
# A level of an ingredient belongs to no item: it goes with the table of ingredients.
REMOVE = """
DROP TABLE catalog.supply;
DROP TABLE catalog.supplier;
DROP TABLE catalog.recipe_take;
DROP TABLE catalog.recipe;
DROP TABLE catalog.ingredient;
ALTER TABLE catalog.stock ADD CONSTRAINT stock_item FOREIGN KEY (restaurant_id, item_id)
    REFERENCES catalog.item (restaurant_id, id) NOT VALID;
ALTER TABLE catalog.stock DROP COLUMN counted_at;
ALTER TABLE catalog.stock DROP CONSTRAINT stock_policy;
ALTER TABLE catalog.stock ADD CONSTRAINT stock_policy CHECK (policy IN ('refuse', 'allow')) NOT VALID;
DROP INDEX catalog.stock_movement_time;
DROP INDEX catalog.stock_movement_once;
ALTER TABLE catalog.stock_movement DROP COLUMN reserved;
ALTER TABLE catalog.stock_movement DROP COLUMN revision;
ALTER TABLE catalog.stock_movement DROP COLUMN reason;
ALTER TABLE catalog.stock_movement DROP COLUMN actor_id;
ALTER TABLE catalog.stock_movement DROP CONSTRAINT stock_movement_kind;
ALTER TABLE catalog.stock_movement ADD CONSTRAINT stock_movement_kind
    CHECK (kind IN ('count', 'sale', 'waste')) NOT VALID;
ALTER TABLE catalog.reservation DROP COLUMN revision
"""


def upgrade() -> None:
    op.execute(LOCK)
    _run(ADD)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE catalog.{table} IS '{comment}'")
    for table, grants in GRANTS.items():
        protect_tenant_table(op, "catalog", table, grants=grants)
    for table in TABLES:
        op.execute(
            f"CREATE POLICY migration ON catalog.{table} TO CURRENT_USER USING (true) WITH CHECK (true)"
        )
    op.execute(COUNTED)
    op.execute(OPENING)
    for table in TABLES:
        op.execute(f"DROP POLICY migration ON catalog.{table}")
    op.execute("CREATE POLICY ledger ON catalog.stock FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(COUNTING)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO fynlo_catalog")
    for name, on in INDEXES.items():
        index_concurrently(op, "catalog", name, on, unique=name == "stock_movement_once")
    op.execute("DROP INDEX catalog.stock_movement_line")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    op.execute("DROP POLICY ledger ON catalog.stock")
    _run(REMOVE)
    on = "stock_movement (restaurant_id, order_id, line_id) WHERE order_id IS NOT NULL"
    index_concurrently(op, "catalog", "stock_movement_line", on, unique=False)


def _run(statements: str) -> None:
    for statement in statements.split(";\n"):
        op.execute(statement)
