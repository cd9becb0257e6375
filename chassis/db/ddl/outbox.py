"""The outbox: its tables, and what writes, publishes and compares its rows."""

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
INSERT INTO {s}.outbox_state (generation, epoch) VALUES (0, substr(md5(random()::text), 1, 6))
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

# What the relay's leader asks about all restaurants. The service's role by itself reads one restaurant's.
WATCH = """
CREATE OR REPLACE FUNCTION {s}.outbox_backlog(p_limit integer, OUT waiting bigint, OUT oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off
AS $$ SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE published_at IS NULL LIMIT p_limit) AS counted),
             (SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) $$;
CREATE OR REPLACE FUNCTION {s}.outbox_page(p_before bigint, p_limit integer, p_since timestamptz)
RETURNS TABLE (id bigint, msg_id uuid, stream_seq bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off
AS $$ SELECT outbox.id, outbox.msg_id, outbox.stream_seq FROM outbox
      WHERE outbox.id < p_before AND outbox.created_at >= p_since ORDER BY outbox.id DESC LIMIT p_limit $$
"""

TENANT_TABLES = ("outbox", "outbox_position", "outbox_channel")
PARTITIONED = ("outbox", "outbox_position")
READ_ONLY_TABLES = (*TENANT_TABLES, "outbox_state")
TABLE_NAMES = READ_ONLY_TABLES

FUNCTIONS = {
    "outbox_commit": "timestamptz, text[], text[], uuid[], bytea[], text[], text[], text,"
    " text, text, bytea, bytea",
    "outbox_lead": "",
    "outbox_check_generation": "bigint",
    "outbox_mark": "bigint, bigint[], bigint[], timestamptz",
    "outbox_next": "bigint, bigint[], bigint[], timestamptz, integer",
    "outbox_unmark": "bigint, bigint[]",
    "outbox_new_epoch": "",
    "outbox_backlog": "integer",
    "outbox_page": "bigint, integer, timestamptz",
}
OWNER_ONLY = {"outbox_new_epoch", "outbox_check_generation"}
