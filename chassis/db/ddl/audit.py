"""Audit records: appended by a function, chained by hashes, changed by nobody."""

# The head of a chain is locked by the last statement of a transaction, after the channels of its events, and
# until its commit: numbers follow the order of commits, and a rollback gives its numbers back.
TABLES = """
CREATE TABLE IF NOT EXISTS {s}.audit_record (
    restaurant_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    event text NOT NULL,
    actor text,
    device_id text,
    facts text NOT NULL,
    trace_id text,
    request_id text,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_record_pkey PRIMARY KEY (restaurant_id, seq)
);
CREATE TABLE IF NOT EXISTS {s}.audit_head (
    restaurant_id uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_head_pkey PRIMARY KEY (restaurant_id)
) WITH (fillfactor = 50)
"""

# The text that is hashed: every field with its length before it, so that no two records have the same text.
# chassis.db.audit_records says it once more in Python, for whoever verifies without trusting the database.
FUNCTION_TEXTS = """
CREATE OR REPLACE FUNCTION {s}.audit_text(p_fields text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(coalesce(octet_length(field) || ':' || field, '-'), ',' ORDER BY place)
    FROM unnest(p_fields) WITH ORDINALITY AS listed (field, place)
$$;
CREATE OR REPLACE FUNCTION {s}.audit_append(
    p_now timestamptz, p_events text[], p_actors text[], p_devices text[], p_facts text[],
    p_trace text, p_request text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
DECLARE
    v_chain uuid := tenant_or_platform();
    v_seq bigint;
    v_previous bytea;
    v_hash bytea;
BEGIN
    SELECT seq, hash INTO v_seq, v_hash FROM audit_head WHERE restaurant_id = v_chain FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_head AS head VALUES (v_chain, 0, sha256('')) ON CONFLICT (restaurant_id)
            DO UPDATE SET seq = head.seq RETURNING seq, hash INTO v_seq, v_hash;
    END IF;
    FOR i IN 1 .. coalesce(array_length(p_events, 1), 0) LOOP
        v_seq := v_seq + 1;
        v_previous := v_hash;
        v_hash := sha256(convert_to(audit_text(ARRAY[
            '{s}', v_chain::text, v_seq::text, (extract(epoch FROM p_now) * 1000000)::bigint::text,
            p_events[i], p_actors[i], p_devices[i], p_facts[i], p_trace, p_request,
            encode(v_previous, 'hex')]), 'UTF8'));
        INSERT INTO audit_record VALUES (v_chain, v_seq, p_now, p_events[i], p_actors[i], p_devices[i],
                                         p_facts[i], p_trace, p_request, v_previous, v_hash);
    END LOOP;
    UPDATE audit_head SET seq = v_seq, hash = v_hash WHERE restaurant_id = v_chain;
END $$;
CREATE OR REPLACE FUNCTION {s}.audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit records are only ever added (% refused)', TG_OP USING
        ERRCODE = 'insufficient_privilege',
        HINT = 'They are kept for good. Whoever has to take a whole chain out keeps a copy of it first, then'
               ' disables the trigger audit_kept as the owner and deletes its records and its head.';
END $$
"""

TRIGGERS = """
CREATE OR REPLACE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {s}.audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION {s}.audit_refuse_change()
"""

TABLE_NAMES = ("audit_record", "audit_head")
FUNCTIONS = {
    "audit_text": "text[]",
    "audit_append": "timestamptz, text[], text[], text[], text[], text, text",
    "audit_refuse_change": "",
}
OWNER_ONLY = {"audit_text", "audit_refuse_change"}
