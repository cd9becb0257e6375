"""What every service's schema holds for the chassis: the SQL that the first revision of its migrations runs.

``{s}`` stands for the schema, ``{role}`` for the role of the service. The functions that write run as their
owner, so that the role itself can neither insert, change nor delete a row of the outbox.
"""

TABLES = """
CREATE SEQUENCE {s}.outbox_id_seq AS bigint CACHE 1;
CREATE TABLE {s}.outbox (
    id bigint NOT NULL DEFAULT nextval('{s}.outbox_id_seq'),
    restaurant_id uuid,
    type text NOT NULL,
    subject_id text NOT NULL,
    msg_id uuid NOT NULL,
    payload bytea NOT NULL,
    positions jsonb NOT NULL,
    trace text,
    command_id text,
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    stream_seq bigint,
    CONSTRAINT outbox_pkey PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE {s}.outbox_default PARTITION OF {s}.outbox DEFAULT;
CREATE INDEX outbox_unpublished ON {s}.outbox (id) WHERE published_at IS NULL;
CREATE TABLE {s}.outbox_position (
    restaurant_id uuid NOT NULL,
    channel text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    outbox_id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT outbox_position_pkey PRIMARY KEY (restaurant_id, channel, epoch, seq, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE {s}.outbox_position_default PARTITION OF {s}.outbox_position DEFAULT;
CREATE TABLE {s}.outbox_channel (
    restaurant_id uuid NOT NULL,
    channel text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT outbox_channel_pkey PRIMARY KEY (restaurant_id, channel)
) WITH (fillfactor = 50);
CREATE TABLE {s}.outbox_state (
    singleton boolean NOT NULL DEFAULT true,
    generation bigint NOT NULL,
    epoch text NOT NULL,
    CONSTRAINT outbox_state_pkey PRIMARY KEY (singleton),
    CONSTRAINT outbox_state_singleton CHECK (singleton)
);
INSERT INTO {s}.outbox_state (generation, epoch) VALUES (0, substr(md5(random()::text), 1, 6));
CREATE TABLE {s}.inbox (
    consumer text NOT NULL,
    msg_id uuid NOT NULL,
    status text NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    attempts integer NOT NULL,
    error text,
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, msg_id),
    CONSTRAINT inbox_status CHECK (status IN ('handled', 'parked'))
);
CREATE INDEX inbox_received ON {s}.inbox (received_at);
CREATE TABLE {s}.inbox_parked (
    consumer text NOT NULL,
    msg_id uuid NOT NULL,
    subject text NOT NULL,
    headers jsonb NOT NULL,
    payload bytea NOT NULL,
    attempts integer NOT NULL,
    error text NOT NULL,
    parked_at timestamptz NOT NULL,
    retry_at timestamptz,
    CONSTRAINT inbox_parked_pkey PRIMARY KEY (consumer, msg_id)
);
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

TENANT = """
CREATE FUNCTION {s}.tenant_or_platform() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(pg_catalog.current_setting('app.restaurant_id', true), ''),
                      '00000000-0000-0000-0000-000000000000')::uuid $$
"""

# Channels are advanced in sorted order before the first outbox id is drawn. The rows stay locked until the
# commit, so per channel the order of ids, of positions and of commits is the same, and a rollback gives its
# numbers back.
COMMIT = """
CREATE FUNCTION {s}.outbox_commit(
    p_now timestamptz, p_types text[], p_subject_ids text[], p_msg_ids uuid[], p_payloads bytea[],
    p_channels text[], p_command_ids text[], p_trace text,
    p_scope text, p_key text, p_hash bytea, p_reply bytea
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
DECLARE
    v_tenant uuid := nullif(current_setting('app.restaurant_id', true), '')::uuid;
    v_name text;
    v_count bigint;
    v_epoch text;
    v_seq bigint;
    v_next jsonb := '{{}}';
    v_positions jsonb;
    v_id bigint;
BEGIN
    FOR v_name, v_count IN
        SELECT name, count(*) FROM unnest(p_channels) AS list, unnest(string_to_array(list, ',')) AS name
        WHERE name <> '' GROUP BY name ORDER BY name
    LOOP
        UPDATE outbox_channel SET seq = seq + v_count WHERE restaurant_id = v_tenant AND channel = v_name
            RETURNING epoch, seq INTO v_epoch, v_seq;
        IF NOT FOUND THEN
            INSERT INTO outbox_channel AS old (restaurant_id, channel, epoch, seq)
                SELECT v_tenant, v_name, state.epoch, v_count FROM outbox_state AS state
                ON CONFLICT (restaurant_id, channel) DO UPDATE SET seq = old.seq + v_count
                RETURNING epoch, seq INTO v_epoch, v_seq;
        END IF;
        v_next := v_next || jsonb_build_object(v_name, jsonb_build_array(v_epoch, v_seq - v_count));
    END LOOP;
    FOR i IN 1 .. coalesce(array_length(p_types, 1), 0) LOOP
        v_positions := '[]';
        v_id := nextval('outbox_id_seq');
        IF p_channels[i] <> '' THEN
            FOREACH v_name IN ARRAY string_to_array(p_channels[i], ',') LOOP
                v_epoch := v_next -> v_name ->> 0;
                v_seq := (v_next -> v_name ->> 1)::bigint + 1;
                v_next := jsonb_set(v_next, ARRAY[v_name, '1'], to_jsonb(v_seq));
                v_positions := v_positions || jsonb_build_array(jsonb_build_array(v_name, v_epoch, v_seq));
                INSERT INTO outbox_position VALUES (v_tenant, v_name, v_epoch, v_seq, v_id, p_now);
            END LOOP;
        END IF;
        INSERT INTO outbox (id, restaurant_id, type, subject_id, msg_id, payload,
                            positions, trace, command_id, created_at)
            VALUES (v_id, v_tenant, p_types[i], p_subject_ids[i], p_msg_ids[i], p_payloads[i],
                    v_positions, p_trace, p_command_ids[i], p_now);
    END LOOP;
    IF p_key IS NOT NULL THEN
        INSERT INTO idempotency VALUES (tenant_or_platform(), p_scope, p_key, p_hash, p_reply, p_now);
    END IF;
END $$
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

# One round trip of the relay: marks what JetStream has acknowledged and gives what comes next.
RELAY_NEXT = """
CREATE OR REPLACE FUNCTION {s}.outbox_next(
    p_generation bigint, p_ids bigint[], p_seqs bigint[], p_at timestamptz, p_limit integer
) RETURNS SETOF {s}.outbox LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
BEGIN
    IF cardinality(p_ids) > 0 THEN
        PERFORM outbox_mark(p_generation, p_ids, p_seqs, p_at);
    END IF;
    RETURN QUERY SELECT * FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT p_limit;
END $$
"""

# The share lock on the generation makes a superseded relay wait for, or lose to, the one that superseded it.
RELAY = """
CREATE FUNCTION {s}.outbox_lead() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = {s}, pg_temp
AS $$ UPDATE outbox_state SET generation = generation + 1 RETURNING generation $$;
CREATE FUNCTION {s}.outbox_check_generation(p_generation bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
BEGIN
    PERFORM 1 FROM outbox_state WHERE generation = p_generation FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'relay generation % is superseded', p_generation USING ERRCODE = 'FY001';
    END IF;
END $$;
CREATE FUNCTION {s}.outbox_mark(p_generation bigint, p_ids bigint[], p_seqs bigint[], p_at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM outbox_check_generation(p_generation);
    UPDATE outbox SET published_at = p_at, stream_seq = acked.seq
        FROM unnest(p_ids, p_seqs) AS acked (id, seq) WHERE outbox.id = acked.id;
END $$;
CREATE FUNCTION {s}.outbox_unmark(p_generation bigint, p_ids bigint[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM outbox_check_generation(p_generation);
    UPDATE outbox SET published_at = NULL, stream_seq = NULL WHERE id = ANY (p_ids);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$
"""

# After a restore to an earlier point in time positions may be given out twice; a new epoch tells the devices.
EPOCH = """
CREATE FUNCTION {s}.outbox_new_epoch() RETURNS text LANGUAGE plpgsql
SET search_path = {s}, pg_temp AS $$
DECLARE
    v_epoch text := substr(md5(random()::text), 1, 6);
BEGIN
    UPDATE outbox_state SET epoch = v_epoch;
    UPDATE outbox_channel SET epoch = v_epoch, seq = 0;
    RETURN v_epoch;
END $$
"""

# A partition is attached, not created in place: that takes no lock which would stop writers. Today's is made
# by the first revision only, before there are writers: a row on its way into the default partition would be
# refused when its day appears beside it. A day goes when it is past its hours and fully published.
HOUSEKEEPING = """
CREATE FUNCTION {s}.outbox_roll(
    p_parent text, p_now timestamptz, p_keep interval, p_first integer, p_last integer
) RETURNS void LANGUAGE plpgsql SET search_path = {s}, pg_temp AS $$
DECLARE
    v_day date := (p_now AT TIME ZONE 'UTC')::date;
    v_name text;
    v_from text;
    v_to text;
    v_open boolean;
BEGIN
    FOR i IN p_first .. p_last LOOP
        v_name := p_parent || '_' || to_char(v_day + i, 'YYYYMMDD');
        v_from := (v_day + i)::text || ' 00:00:00+00';
        v_to := (v_day + i + 1)::text || ' 00:00:00+00';
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE created_at >= %L AND created_at < %L)',
                       p_parent || '_default', v_from, v_to) INTO v_open;
        CONTINUE WHEN v_open;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       v_name, p_parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       p_parent, v_name, v_from, v_to);
    END LOOP;
    FOR v_name IN
        SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = p_parent::regclass AND child.relname ~ '_[0-9]{{8}}$'
          AND to_date(right(child.relname, 8), 'YYYYMMDD') + 1 <= ((p_now - p_keep) AT TIME ZONE 'UTC')::date
    LOOP
        SELECT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NULL
                       AND created_at < to_date(right(v_name, 8), 'YYYYMMDD') + 1) INTO v_open;
        IF NOT v_open THEN
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', p_parent, v_name);
            EXECUTE format('DROP TABLE %I', v_name);
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION {s}.chassis_sweep(p_step text, p_now timestamptz, p_batch integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp
SET lock_timeout = '1s' SET timezone = 'UTC' AS $$
BEGIN
    CASE p_step
    WHEN 'outbox', 'outbox_position' THEN
        PERFORM outbox_roll(p_step, p_now, '72 hours', 1, 3);
    WHEN 'rows' THEN
        DELETE FROM outbox_default WHERE ctid IN (
            SELECT ctid FROM outbox_default
            WHERE created_at < p_now - interval '72 hours' AND published_at IS NOT NULL LIMIT p_batch);
        DELETE FROM outbox_position_default WHERE ctid IN (
            SELECT ctid FROM outbox_position_default
            WHERE created_at < p_now - interval '72 hours' LIMIT p_batch);
        DELETE FROM idempotency WHERE ctid IN (
            SELECT ctid FROM idempotency WHERE created_at < p_now - interval '24 hours' LIMIT p_batch);
        DELETE FROM inbox WHERE ctid IN (
            SELECT ctid FROM inbox WHERE received_at < p_now - interval '8 days' LIMIT p_batch);
    END CASE;
END $$
"""
SWEEP_STEPS = ("outbox", "outbox_position", "rows")
"""One transaction each: a step that held the locks of both tables could deadlock with a writer."""

FUNCTIONS = {
    "outbox_commit": "timestamptz, text[], text[], uuid[], bytea[], text[], text[], text,"
    " text, text, bytea, bytea",
    "idempotency_claim": "text, text",
    "idempotency_claim_new": "bytea, bytea",
    "outbox_lead": "",
    "outbox_check_generation": "bigint",
    "outbox_mark": "bigint, bigint[], bigint[], timestamptz",
    "outbox_next": "bigint, bigint[], bigint[], timestamptz, integer",
    "outbox_unmark": "bigint, bigint[]",
    "outbox_new_epoch": "",
    "outbox_roll": "text, timestamptz, interval, integer, integer",
    "chassis_sweep": "text, timestamptz, integer",
    "tenant_or_platform": "",
}
OWNER_ONLY = {"outbox_new_epoch", "outbox_roll", "outbox_check_generation"}

PARTITIONED = ("outbox", "outbox_position")
READ_ONLY_TABLES = ("outbox", "outbox_position", "outbox_channel", "outbox_state", "idempotency")
TABLE_NAMES = (
    "outbox",
    "outbox_position",
    "outbox_channel",
    "outbox_state",
    "inbox",
    "inbox_parked",
    "idempotency",
)


def create_statements(schema: str, role: str) -> list[str]:
    """Everything, one statement per item (the driver prepares each), in an order that works."""
    scripts = [TENANT, *_split(TABLES), COMMIT, CLAIM, CLAIM_NEW, *_split_functions(RELAY), RELAY_NEXT, EPOCH]
    scripts += _split_functions(HOUSEKEEPING)
    statements = [script.format(s=schema, role=role).strip() for script in scripts]
    for name in FUNCTIONS:
        statements += _grants(name, schema, role)
    statements.append(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    statements += [f"GRANT SELECT ON {schema}.{table} TO {role}" for table in READ_ONLY_TABLES]
    statements.append(f"GRANT SELECT, INSERT, UPDATE ON {schema}.inbox TO {role}")
    statements.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.inbox_parked TO {role}")
    for parent in PARTITIONED:
        statements.append(f"SELECT {schema}.outbox_roll('{parent}', now(), '72 hours', 0, 3)")
    return statements


def fewer_round_trips(schema: str, role: str) -> list[str]:
    """The functions that schemas lack which an earlier create_statements made."""
    added = {"idempotency_claim_new": CLAIM_NEW, "outbox_next": RELAY_NEXT}
    statements = [script.format(s=schema).strip() for script in added.values()]
    return statements + [statement for name in added for statement in _grants(name, schema, role)]


def _grants(name: str, schema: str, role: str) -> list[str]:
    function = f"{schema}.{name}({FUNCTIONS[name]})"
    grants = [f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"]
    return grants if name in OWNER_ONLY else [*grants, f"GRANT EXECUTE ON FUNCTION {function} TO {role}"]


def drop_statements(schema: str) -> list[str]:
    """The reverse of create_statements, whichever functions there were."""
    statements = [f"DROP TABLE {schema}.{table} CASCADE" for table in TABLE_NAMES]
    statements += [
        f"DROP FUNCTION IF EXISTS {schema}.{name}({arguments})" for name, arguments in FUNCTIONS.items()
    ]
    return [*statements, f"DROP SEQUENCE {schema}.outbox_id_seq"]


def _split(script: str) -> list[str]:
    return [statement for statement in script.split(";\n") if statement.strip()]


def _split_functions(script: str) -> list[str]:
    return [f"{part.rstrip().removesuffix('$$')}$$" for part in script.split("$$;\n")]
