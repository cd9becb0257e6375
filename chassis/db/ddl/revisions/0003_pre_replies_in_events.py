"""A reply that is a piece of the last event of its transaction is kept there alone: its key says where.

Runs before the new code. The functions keep their names, so what the new code has remembered is found by the
old code as well; it goes on keeping replies whole, and both are read by both.
"""

from chassis.db import ddl
from chassis.db.ddl import idempotency

INDEXES: dict[str, str] = {}

COLUMNS = """
ALTER TABLE {s}.idempotency ADD COLUMN event_id bigint, ADD COLUMN reply_start integer,
    ADD COLUMN reply_bytes integer
"""

# The event is the last that its transaction wrote: its id was the last that was drawn. Should it be another
# one, nothing is committed.
REFER = """
CREATE FUNCTION {s}.idempotency_refer(
    p_now timestamptz, p_scope text, p_key text, p_hash bytea, p_msg_id uuid, p_start integer, p_bytes integer
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
BEGIN
    INSERT INTO idempotency (restaurant_id, scope, key, request_hash, reply, created_at,
                             event_id, reply_start, reply_bytes)
        SELECT tenant_or_platform(), p_scope, p_key, p_hash, '', p_now, id, p_start, p_bytes
        FROM outbox WHERE id = currval('outbox_id_seq') AND created_at = p_now AND msg_id = p_msg_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'event % is not the last of its transaction', p_msg_id;
    END IF;
END $$
"""

# Look, lock, look again, as before. A key whose event has gone is past its 24 hours by days: it is as free as
# if it had been swept.
CLAIM = """
CREATE FUNCTION {s}.idempotency_find(
    p_tenant uuid, p_scope text, p_key text, OUT hash bytea, OUT answer bytea
) LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
    SELECT i.request_hash, CASE WHEN i.event_id IS NULL THEN i.reply ELSE (
            SELECT substring(o.payload FROM i.reply_start FOR i.reply_bytes) FROM outbox AS o
            WHERE o.id = i.event_id AND o.created_at = i.created_at) END
    FROM idempotency AS i WHERE i.restaurant_id = p_tenant AND i.scope = p_scope AND i.key = p_key
$$;
CREATE OR REPLACE FUNCTION {s}.idempotency_claim(
    p_scope text, p_key text, OUT locked boolean, OUT stored_hash bytea, OUT stored_reply bytea
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
DECLARE
    v_tenant uuid := tenant_or_platform();
BEGIN
    SELECT hash, answer INTO stored_hash, stored_reply FROM idempotency_find(v_tenant, p_scope, p_key);
    IF stored_reply IS NOT NULL THEN
        locked := false;
        RETURN;
    END IF;
    locked := pg_try_advisory_xact_lock(
        hashtextextended(concat_ws(chr(31), '{s}', v_tenant, p_scope, p_key), 0));
    IF locked THEN
        SELECT hash, answer INTO stored_hash, stored_reply FROM idempotency_find(v_tenant, p_scope, p_key);
    END IF;
    IF stored_hash IS NOT NULL AND stored_reply IS NULL THEN
        stored_hash := NULL;
        IF locked AND NOT current_setting('transaction_read_only')::boolean THEN
            DELETE FROM idempotency WHERE restaurant_id = v_tenant AND scope = p_scope AND key = p_key;
        END IF;
    END IF;
END $$
"""

FIND = "idempotency_find(uuid, text, text)"
REFERS = "idempotency_refer(timestamptz, text, text, bytea, uuid, integer, integer)"

# What the functions of before know nothing of is written back to where they look.
AS_BEFORE = """
UPDATE {s}.idempotency AS i
    SET reply = substring(o.payload FROM i.reply_start FOR i.reply_bytes), event_id = NULL
    FROM {s}.outbox AS o WHERE o.id = i.event_id AND o.created_at = i.created_at;
DELETE FROM {s}.idempotency WHERE event_id IS NOT NULL;
ALTER TABLE {s}.idempotency DROP COLUMN event_id, DROP COLUMN reply_start, DROP COLUMN reply_bytes
"""


def upgrade(schema: str, role: str) -> list[str]:
    texts = [COLUMNS, REFER, *ddl.split_functions(CLAIM)]
    return [
        *(text.format(s=schema).strip() for text in texts),
        *(f"REVOKE ALL ON FUNCTION {schema}.{function} FROM PUBLIC" for function in (FIND, REFERS)),
        f"GRANT EXECUTE ON FUNCTION {schema}.{REFERS} TO {role}",
    ]


def downgrade(schema: str, _role: str) -> list[str]:
    claim = idempotency.CLAIM.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    return [
        f"ALTER TABLE {schema}.idempotency NO FORCE ROW LEVEL SECURITY",
        *(text.format(s=schema).strip() for text in [*ddl.split(AS_BEFORE), claim]),
        f"ALTER TABLE {schema}.idempotency FORCE ROW LEVEL SECURITY",
        *(f"DROP FUNCTION {schema}.{function}" for function in (FIND, REFERS)),
    ]
