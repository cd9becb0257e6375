"""Positions on channels are given by the relay's leader, in one transaction for a batch of committed events.

A transaction only adds its rows: the event, and a small one that says that it has no number yet. What becomes
of an event after that (its positions, when it was published and where) is kept in small rows of its own, so
that a row with a payload is written once and never changed.

Runs before the new code. The functions keep their names and what they promise, so the old code commits and
leads by them as well. What a transaction of before has written has its positions already and is published as
before; ``published_at`` of a new row is -infinity, so that no function of before ever sees it.
"""

from chassis.db import ddl
from chassis.db.ddl import housekeeping, outbox

INDEXES: dict[str, str] = {}

TABLES = """
CREATE TABLE {s}.outbox_unnumbered (
    id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    restaurant_id uuid,
    channels text NOT NULL,
    CONSTRAINT outbox_unnumbered_pkey PRIMARY KEY (id)
);
CREATE TABLE {s}.outbox_numbered (
    id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    restaurant_id uuid,
    turn bigint NOT NULL,
    positions jsonb NOT NULL,
    published_at timestamptz,
    stream_seq bigint,
    CONSTRAINT outbox_numbered_pkey PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE {s}.outbox_numbered_default PARTITION OF {s}.outbox_numbered DEFAULT;
ALTER TABLE {s}.outbox_numbered_default ENABLE ROW LEVEL SECURITY;
CREATE INDEX outbox_waiting ON {s}.outbox_numbered (turn, id) WHERE published_at IS NULL
"""

# Ids are drawn here, when the transaction has done all else and holds the rows that it changed: of two events
# of one aggregate the later commit has the higher id.
COMMIT = """
CREATE OR REPLACE FUNCTION {s}.outbox_commit(
    p_now timestamptz, p_types text[], p_subject_ids text[], p_msg_ids uuid[], p_payloads bytea[],
    p_channels text[], p_command_ids text[], p_trace text,
    p_scope text, p_key text, p_hash bytea, p_reply bytea
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
DECLARE
    v_tenant uuid := nullif(current_setting('app.restaurant_id', true), '')::uuid;
    v_id bigint;
BEGIN
    FOR i IN 1 .. coalesce(array_length(p_types, 1), 0) LOOP
        v_id := nextval('outbox_id_seq');
        INSERT INTO outbox (id, restaurant_id, type, subject_id, msg_id, payload,
                            positions, trace, command_id, created_at, published_at)
            VALUES (v_id, v_tenant, p_types[i], p_subject_ids[i], p_msg_ids[i], p_payloads[i],
                    '[]', p_trace, p_command_ids[i], p_now, '-infinity');
        INSERT INTO outbox_unnumbered VALUES (v_id, p_now, v_tenant, p_channels[i]);
    END LOOP;
    IF p_key IS NOT NULL THEN
        INSERT INTO idempotency VALUES (tenant_or_platform(), p_scope, p_key, p_hash, p_reply, p_now);
    END IF;
END $$
"""

# Rows are found by having no number, never by an id above the last: one that commits late gets a later
# number. The batch is on disk before anybody is told of it: a number that a crash took back would be given
# again. Its turn is drawn when all of its channels are locked.
NUMBER = """
CREATE FUNCTION {s}.outbox_number(p_generation bigint, p_limit integer) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {s}, pg_temp
SET enable_seqscan = off SET enable_hashjoin = on SET enable_mergejoin = on AS $$
DECLARE
    v_count bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM outbox_unnumbered) THEN
        RETURN 0;
    END IF;
    PERFORM outbox_check_generation(p_generation);
    PERFORM set_config('synchronous_commit', 'on', true);
    WITH picked AS (
        DELETE FROM outbox_unnumbered WHERE id = ANY (ARRAY(
            SELECT id FROM outbox_unnumbered ORDER BY id LIMIT p_limit))
        RETURNING id, created_at, restaurant_id, channels),
    named AS (
        SELECT picked.id, created_at, restaurant_id, name, place,
               row_number() OVER (PARTITION BY restaurant_id, name ORDER BY picked.id) AS nth,
               count(*) OVER (PARTITION BY restaurant_id, name) AS taken
        FROM picked, unnest(string_to_array(channels, ',')) WITH ORDINALITY AS listed (name, place)),
    heads AS (
        INSERT INTO outbox_channel AS old (restaurant_id, channel, epoch, seq)
        SELECT restaurant_id, name, state.epoch, count(*) FROM named, outbox_state AS state
        GROUP BY restaurant_id, name, state.epoch ORDER BY restaurant_id, name
        ON CONFLICT (restaurant_id, channel) DO UPDATE SET seq = old.seq + excluded.seq
        RETURNING restaurant_id, channel, epoch, seq),
    placed AS (
        SELECT named.id, created_at, named.restaurant_id, name, place, heads.epoch,
               heads.seq - taken + nth AS seq
        FROM named JOIN heads ON heads.restaurant_id = named.restaurant_id AND heads.channel = named.name),
    kept AS (
        INSERT INTO outbox_position (restaurant_id, channel, epoch, seq, outbox_id, created_at)
        SELECT restaurant_id, name, epoch, seq, id, created_at FROM placed),
    told AS (
        SELECT id, jsonb_agg(jsonb_build_array(name, epoch, seq) ORDER BY place) AS positions
        FROM placed GROUP BY id),
    batch AS (SELECT CASE WHEN count(*) >= 0 THEN nextval('outbox_id_seq') END AS turn FROM heads)
    INSERT INTO outbox_numbered (id, created_at, restaurant_id, turn, positions)
    SELECT picked.id, created_at, restaurant_id, batch.turn, coalesce(told.positions, '[]')
    FROM picked LEFT JOIN told USING (id), batch;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$
"""

# One round trip of the relay: marks what JetStream has, numbers what was committed, gives what comes next, in
# the order in which it was numbered. What has its positions from its own transaction has its id for a turn:
# it held its channels, so that everything numbered since has a later one.
RELAY = """
CREATE OR REPLACE FUNCTION {s}.outbox_next(
    p_generation bigint, p_ids bigint[], p_seqs bigint[], p_at timestamptz, p_limit integer
) RETURNS SETOF {s}.outbox LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = {s}, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF cardinality(p_ids) > 0 THEN
        PERFORM outbox_mark(p_generation, p_ids, p_seqs, p_at);
    END IF;
    PERFORM outbox_number(p_generation, p_limit);
    RETURN QUERY
        SELECT event.id, event.restaurant_id, event.type, event.subject_id, event.msg_id, event.payload,
               waiting.positions, event.trace, event.command_id, event.created_at,
               NULL::timestamptz, NULL::bigint
        FROM ((SELECT n.turn, n.id, n.created_at, n.positions FROM outbox_numbered AS n
               WHERE n.published_at IS NULL ORDER BY n.turn, n.id LIMIT p_limit)
              UNION ALL
              (SELECT o.id, o.id, o.created_at, o.positions FROM outbox AS o
               WHERE o.published_at IS NULL ORDER BY o.id LIMIT p_limit)) AS waiting
        JOIN outbox AS event ON event.id = waiting.id AND event.created_at = waiting.created_at
        ORDER BY waiting.turn, waiting.id LIMIT p_limit;
END $$;
CREATE OR REPLACE FUNCTION {s}.outbox_mark(
    p_generation bigint, p_ids bigint[], p_seqs bigint[], p_at timestamptz
) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM outbox_check_generation(p_generation);
    UPDATE outbox_numbered SET published_at = p_at, stream_seq = acked.seq
        FROM unnest(p_ids, p_seqs) AS acked (id, seq) WHERE outbox_numbered.id = acked.id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count < cardinality(p_ids) THEN
        UPDATE outbox SET published_at = p_at, stream_seq = acked.seq
            FROM unnest(p_ids, p_seqs) AS acked (id, seq)
            WHERE outbox.id = acked.id AND outbox.published_at IS DISTINCT FROM '-infinity';
    END IF;
END $$;
CREATE OR REPLACE FUNCTION {s}.outbox_unmark(p_generation bigint, p_ids bigint[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_numbered bigint;
    v_before bigint;
BEGIN
    PERFORM outbox_check_generation(p_generation);
    UPDATE outbox_numbered SET published_at = NULL, stream_seq = NULL WHERE id = ANY (p_ids);
    GET DIAGNOSTICS v_numbered = ROW_COUNT;
    UPDATE outbox SET published_at = NULL, stream_seq = NULL
        WHERE id = ANY (p_ids) AND published_at IS DISTINCT FROM '-infinity';
    GET DIAGNOSTICS v_before = ROW_COUNT;
    RETURN v_numbered + v_before;
END $$
"""

WATCH = """
CREATE OR REPLACE FUNCTION {s}.outbox_backlog(p_limit integer, OUT waiting bigint, OUT oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off
AS $$ SELECT (SELECT count(*) FROM ((SELECT FROM outbox_unnumbered LIMIT p_limit)
                  UNION ALL (SELECT FROM outbox_numbered WHERE published_at IS NULL LIMIT p_limit)
                  UNION ALL (SELECT FROM outbox WHERE published_at IS NULL LIMIT p_limit)
                  LIMIT p_limit) AS counted),
             least((SELECT created_at FROM outbox_unnumbered ORDER BY id LIMIT 1),
                   (SELECT created_at FROM outbox_numbered WHERE published_at IS NULL
                    ORDER BY turn, id LIMIT 1),
                   (SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1)) $$;
CREATE OR REPLACE FUNCTION {s}.outbox_page(p_before bigint, p_limit integer, p_since timestamptz)
RETURNS TABLE (id bigint, msg_id uuid, stream_seq bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$ SELECT page.id, page.msg_id, coalesce(n.stream_seq, page.stream_seq)
      FROM (SELECT o.id, o.created_at, o.msg_id, o.stream_seq FROM outbox AS o
            WHERE o.id < p_before AND o.created_at >= p_since ORDER BY o.id DESC LIMIT p_limit) AS page
      LEFT JOIN outbox_numbered AS n ON n.id = page.id AND n.created_at = page.created_at
      ORDER BY page.id DESC $$;
CREATE FUNCTION {s}.outbox_said(p_channel text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp
AS $$ SELECT channel.epoch || '.' || (coalesce(channel.seq, 0) + coming.events)
      FROM (SELECT nullif(current_setting('app.restaurant_id', true), '')::uuid AS restaurant_id) AS own
      CROSS JOIN LATERAL (
          SELECT count(*) AS events FROM outbox_unnumbered AS u
          WHERE u.restaurant_id = own.restaurant_id AND p_channel = ANY (string_to_array(u.channels, ','))
      ) AS coming
      CROSS JOIN LATERAL (
          SELECT coalesce(c.epoch, state.epoch) AS epoch, c.seq FROM outbox_state AS state
          LEFT JOIN outbox_channel AS c ON c.restaurant_id = own.restaurant_id AND c.channel = p_channel
      ) AS channel $$
"""

OPEN_DAY = """EXISTS (SELECT 1 FROM outbox WHERE published_at IS NULL
                       AND created_at < to_date(right(v_name, 8), 'YYYYMMDD') + 1)"""
OPEN_DAY_NOW = f"""{OPEN_DAY}
            OR EXISTS (SELECT 1 FROM outbox_numbered WHERE published_at IS NULL
                       AND created_at < to_date(right(v_name, 8), 'YYYYMMDD') + 1)
            OR EXISTS (SELECT 1 FROM outbox_unnumbered
                       WHERE created_at < to_date(right(v_name, 8), 'YYYYMMDD') + 1)"""  # noqa: S608
ROLLED = "p_parent NOT IN ('outbox', 'outbox_position')"
ROLLED_NOW = "p_parent NOT IN ('outbox', 'outbox_position', 'outbox_numbered')"
SWEPT = "AND published_at IS NOT NULL\n            ORDER BY id LIMIT p_limit));"
SWEPT_NOW = """AND published_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM outbox_unnumbered AS u WHERE u.id = outbox_default.id)
              AND NOT EXISTS (SELECT FROM outbox_numbered AS n
                              WHERE n.id = outbox_default.id AND n.created_at = outbox_default.created_at
                                AND n.published_at IS NULL)
            ORDER BY id LIMIT p_limit));
    WHEN 'outbox_numbered_default' THEN
        DELETE FROM outbox_numbered_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM outbox_numbered_default
            WHERE created_at < p_now - interval '72 hours' AND published_at IS NOT NULL
            ORDER BY id LIMIT p_limit));"""

# What the functions of before know nothing of is written back to where they look.
AS_BEFORE = """
DO $$ BEGIN
    WHILE {s}.outbox_number((SELECT generation FROM {s}.outbox_state), 1000) > 0 LOOP END LOOP;
    UPDATE {s}.outbox AS o
        SET positions = n.positions, published_at = n.published_at, stream_seq = n.stream_seq
        FROM {s}.outbox_numbered AS n WHERE n.id = o.id AND n.created_at = o.created_at;
END $$
"""
FUNCTIONS = {"outbox_number": "bigint, integer", "outbox_said": "text"}


def upgrade(schema: str, role: str) -> list[str]:
    texts = [*ddl.split(TABLES), *ddl.split_functions(roll()), sweep()]
    texts += [COMMIT, NUMBER, *ddl.split_functions(RELAY), *ddl.split_functions(WATCH)]
    statements = [text.format(s=schema).strip() for text in texts]
    for name, arguments in FUNCTIONS.items():
        statements.append(f"REVOKE ALL ON FUNCTION {schema}.{name}({arguments}) FROM PUBLIC")
        statements.append(f"GRANT EXECUTE ON FUNCTION {schema}.{name}({arguments}) TO {role}")
    for table in ("outbox_unnumbered", "outbox_numbered"):
        statements += [*ddl.own_rows(schema, table), f"GRANT SELECT ON {schema}.{table} TO {role}"]
    return [*statements, f"SELECT {schema}.outbox_roll('outbox_numbered', now(), '72 hours', 0, 3)"]


def downgrade(schema: str, _role: str) -> list[str]:
    texts = [outbox.COMMIT, *ddl.split_functions(outbox.RELAY), outbox.RELAY_NEXT]
    texts += [*ddl.split_functions(outbox.WATCH), *ddl.split_functions(housekeeping.HOUSEKEEPING)]
    texts += [housekeeping.SWEEP]
    before = [text.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") for text in texts]
    return [
        *(text.format(s=schema).strip() for text in [AS_BEFORE, *before]),
        *(f"DROP FUNCTION {schema}.{name}({arguments})" for name, arguments in FUNCTIONS.items()),
        f"DROP TABLE {schema}.outbox_unnumbered, {schema}.outbox_numbered",
    ]


def roll() -> str:
    return _changed(_changed(housekeeping.HOUSEKEEPING, OPEN_DAY, OPEN_DAY_NOW), ROLLED, ROLLED_NOW)


def sweep() -> str:
    return _changed(housekeeping.SWEEP, SWEPT, SWEPT_NOW)


def _changed(text: str, old: str, new: str) -> str:
    """As str.replace, of something that is there."""
    if old not in text:
        raise ValueError(f"there is no {old!r} to replace")
    return text.replace(old, new)
