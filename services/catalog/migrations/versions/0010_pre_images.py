"""Items have pictures; pictures and the uploads that they come by are known here, and lie elsewhere.

Runs before the new code. The old code goes on: what it adds has no picture, what it changes keeps its own.
"""

from alembic import op

from chassis.db.migrations import protect_tenant_table

revision = "0010"
down_revision = "0009"

ADD = """
ALTER TABLE catalog.item ADD COLUMN IF NOT EXISTS image jsonb;
CREATE TABLE catalog.image (
    restaurant_id uuid NOT NULL,
    hash text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    state text NOT NULL,
    checked_at timestamptz NOT NULL,
    CONSTRAINT image_pkey PRIMARY KEY (restaurant_id, hash),
    CONSTRAINT image_state CHECK (state IN ('storing', 'stored', 'removing'))
);
CREATE INDEX image_due ON catalog.image (checked_at);
CREATE INDEX image_hash ON catalog.image (hash) WHERE state = 'stored';
CREATE TABLE catalog.image_upload (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    item_id uuid NOT NULL,
    content_type text NOT NULL,
    bytes bigint NOT NULL,
    confirmed boolean NOT NULL DEFAULT false,
    remove_at timestamptz NOT NULL,
    CONSTRAINT image_upload_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE INDEX image_upload_due ON catalog.image_upload (remove_at);
COMMENT ON TABLE catalog.image IS 'Pictures that lie with a restaurant, by the hash of what they show';
COMMENT ON TABLE catalog.image_upload IS 'Announced pictures; removed after remove_at with what was sent'
"""
GRANTS = {"image": "SELECT, INSERT, UPDATE, DELETE", "image_upload": "SELECT, INSERT, UPDATE, DELETE"}
# The sweeper looks through all restaurants, and a menu file names pictures of others. They get ids from
# functions of the owner and nothing else; what is then done happens as the restaurant concerned.
FUNCTIONS = {
    "images_due(p_before timestamptz, p_limit integer)": """
RETURNS TABLE (restaurant_id uuid, hash text) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = catalog, pg_temp
AS $$ SELECT i.restaurant_id, i.hash FROM image AS i
      WHERE i.checked_at <= p_before ORDER BY i.checked_at LIMIT p_limit $$
""",
    "image_uploads_due(p_now timestamptz, p_limit integer)": """
RETURNS TABLE (restaurant_id uuid, upload_id uuid) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = catalog, pg_temp
AS $$ SELECT u.restaurant_id, u.id FROM image_upload AS u
      WHERE u.remove_at <= p_now ORDER BY u.remove_at LIMIT p_limit $$
""",
    "image_holders(p_hashes text[])": """
RETURNS TABLE (restaurant_id uuid, hash text, width integer, height integer) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = catalog, pg_temp
AS $$ SELECT DISTINCT ON (i.hash) i.restaurant_id, i.hash, i.width, i.height FROM image AS i
      WHERE i.hash = ANY(p_hashes) AND i.state = 'stored' ORDER BY i.hash, i.restaurant_id $$
""",
}


def upgrade() -> None:
    for statement in ADD.split(";\n"):
        op.execute(statement)
    for table, grants in GRANTS.items():
        protect_tenant_table(op, "catalog", table, grants=grants)
        op.execute(f"CREATE POLICY sweep ON catalog.{table} FOR SELECT TO CURRENT_USER USING (true)")
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION catalog.{signature}{body}")
        op.execute(f"REVOKE ALL ON FUNCTION catalog.{signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION catalog.{signature} TO fynlo_catalog")


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION catalog.{signature}")
    for table in GRANTS:
        op.execute(f"DROP TABLE catalog.{table}")
    op.execute("ALTER TABLE catalog.item DROP COLUMN image")
