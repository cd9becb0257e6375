"""Idempotency keys and the replies of their first execution."""

TABLES = """
CREATE TABLE {s}.idempotency (
    restaurant_id uuid NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    reply bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (restaurant_id, scope, key)
);
CREATE INDEX idempotency_created ON {s}.idempotency (created_at);
ALTER TABLE {s}.idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE {s}.idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {s}.idempotency USING (restaurant_id = {s}.tenant_or_platform())
    WITH CHECK (restaurant_id = {s}.tenant_or_platform());
CREATE POLICY sweep ON {s}.idempotency FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY sweep_reads ON {s}.idempotency FOR SELECT TO CURRENT_USER USING (true)
"""

# Look, lock, look again: each statement of a volatile function has a snapshot of its own, so a key that
# another transaction finished between the first look and the lock is found by the second.
CLAIM = """
CREATE FUNCTION {s}.idempotency_claim(
    p_scope text, p_key text, OUT locked boolean, OUT stored_hash bytea, OUT stored_reply bytea
) LANGUAGE plpgsql VOLATILE SET search_path = {s}, pg_temp AS $$
DECLARE
    v_tenant uuid := tenant_or_platform();
BEGIN
    SELECT request_hash, reply INTO stored_hash, stored_reply FROM idempotency
        WHERE restaurant_id = v_tenant AND scope = p_scope AND key = p_key;
    IF FOUND THEN
        locked := false;
        RETURN;
    END IF;
    locked := pg_try_advisory_xact_lock(
        hashtextextended(concat_ws(chr(31), '{s}', v_tenant, p_scope, p_key), 0));
    IF locked THEN
        SELECT request_hash, reply INTO stored_hash, stored_reply FROM idempotency
            WHERE restaurant_id = v_tenant AND scope = p_scope AND key = p_key;
    END IF;
END $$
"""

# What a transaction that expects a new key does with its first message: lock, then look. One row where the
# key is new and ours, none otherwise: then idempotency_claim tells what there is. The key comes as bytes
# because it travels inside a statement's text.
CLAIM_NEW = """
CREATE OR REPLACE FUNCTION {s}.idempotency_claim_new(p_scope bytea, p_key bytea) RETURNS SETOF boolean
LANGUAGE plpgsql VOLATILE SET search_path = {s}, pg_temp AS $$
DECLARE
    v_tenant uuid := tenant_or_platform();
    v_scope text := convert_from(p_scope, 'UTF8');
    v_key text := convert_from(p_key, 'UTF8');
BEGIN
    IF pg_try_advisory_xact_lock(hashtextextended(concat_ws(chr(31), '{s}', v_tenant, v_scope, v_key), 0))
        AND NOT EXISTS (SELECT FROM idempotency
                        WHERE restaurant_id = v_tenant AND scope = v_scope AND key = v_key) THEN
        RETURN NEXT true;
    END IF;
END $$
"""

TABLE_NAMES = ("idempotency",)
FUNCTIONS = {
    "idempotency_claim": "text, text",
    "idempotency_claim_new": "bytea, bytea",
}
OWNER_ONLY: set[str] = set()
