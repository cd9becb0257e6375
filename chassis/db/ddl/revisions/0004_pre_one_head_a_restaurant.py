"""What the relay writes for an event, in fewer rows and index entries: one head for a restaurant, runs of
positions, one place in the order of publication.

``outbox_head`` is one row for a restaurant: of each channel [epoch, last sequence, ids of the events since
the last whole run, in one text]. Every RUN events of a channel a row of ``outbox_run`` says which they were.
Together they are what ``outbox_position`` was, from which a replay is read. ``turn`` is one number for each
event now, and the key of ``outbox_numbered``: what relay and reconciler know an event by. No index holds what
a mark changes. ``outbox_state.published`` is a turn up to which everything is published or in
``outbox_again``; it moves on every STEP, so that what waits is found behind it without an index of its own.

Runs before the new code. The relay and the replays of the service wait while the rows of 72 hours are
converted; commits do not. Functions keep their names and promises, and the tables that are gone can be read
as before. A leader of before gets turns for ids and gives them back; what it had in hand is published twice.
A call that was in the middle of a text of 0001, which advanced the channels itself, is refused.
"""

from importlib import import_module

from chassis.db import ddl
from chassis.db.ddl import housekeeping, outbox
from chassis.db.ddl.revisions.texts import heads_and_runs as places

INDEXES: dict[str, str] = {}
STEP = 128
"""What is published is found published again by at most so many turns, each round."""

# Rows are found by having no number, never by an id above the last: one that commits late gets a later
# number. The batch is on disk before anybody is told of it: a number that a crash took back would be given
# again. Turns are drawn under the lock on the generation, which one transaction holds at a time: a turn that
# is visible has none below it that is still to come.
NUMBER = """
CREATE OR REPLACE FUNCTION {s}.outbox_check_generation(p_generation bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
BEGIN
    PERFORM 1 FROM outbox_state WHERE generation = p_generation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'relay generation % is superseded', p_generation USING ERRCODE = 'FY001';
    END IF;
END $$;
CREATE OR REPLACE FUNCTION {s}.outbox_number(p_generation bigint, p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_fresh text;
    v_restaurant uuid;
    v_ids bigint[];
    v_ats timestamptz[];
    v_lists text[];
    v_heads jsonb;
    v_name text;
    v_epoch text;
    v_seq bigint;
    v_tail text;
    v_positions jsonb;
    v_all_ids bigint[] := '{{}}';
    v_all_ats timestamptz[] := '{{}}';
    v_all_restaurants uuid[] := '{{}}';
    v_all_positions jsonb[] := '{{}}';
    v_count bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM outbox_unnumbered) THEN
        RETURN 0;
    END IF;
    PERFORM outbox_check_generation(p_generation);
    PERFORM set_config('synchronous_commit', 'on', true);
    SELECT epoch INTO v_fresh FROM outbox_state;
    FOR v_restaurant, v_ids, v_ats, v_lists IN
        WITH picked AS (
            DELETE FROM outbox_unnumbered WHERE id = ANY (ARRAY(
                SELECT id FROM outbox_unnumbered ORDER BY id LIMIT p_limit))
            RETURNING id, created_at, restaurant_id, channels)
        SELECT restaurant_id, array_agg(id ORDER BY id), array_agg(created_at ORDER BY id),
               array_agg(channels ORDER BY id)
        FROM picked GROUP BY restaurant_id
    LOOP
        v_heads := coalesce((SELECT channels FROM outbox_head WHERE restaurant_id = v_restaurant), '{{}}');
        FOR i IN 1 .. cardinality(v_ids) LOOP
            v_positions := '[]';
            FOREACH v_name IN ARRAY string_to_array(v_lists[i], ',') LOOP
                v_epoch := coalesce(v_heads -> v_name ->> 0, v_fresh);
                v_seq := coalesce((v_heads -> v_name ->> 1)::bigint, 0) + 1;
                v_tail := concat_ws(' ', nullif(v_heads -> v_name ->> 2, ''), v_ids[i]);
                v_positions := v_positions || jsonb_build_array(
                    jsonb_build_array(v_name, v_epoch, v_seq));
                IF v_seq % {run} = 0 THEN
                    INSERT INTO outbox_run
                        SELECT v_restaurant, v_name, v_epoch, v_seq, tail.ids,
                               min(o.created_at), max(o.created_at)
                        FROM (SELECT string_to_array(v_tail, ' ')::bigint[] AS ids) AS tail
                        JOIN outbox AS o ON o.id = ANY (tail.ids) GROUP BY tail.ids;
                    v_tail := '';
                END IF;
                v_heads := v_heads || jsonb_build_object(v_name, jsonb_build_array(v_epoch, v_seq, v_tail));
            END LOOP;
            v_all_positions := array_append(v_all_positions, v_positions);
        END LOOP;
        v_all_ids := v_all_ids || v_ids;
        v_all_ats := v_all_ats || v_ats;
        v_all_restaurants := v_all_restaurants || array_fill(v_restaurant, ARRAY[cardinality(v_ids)]);
        IF v_heads <> '{{}}' THEN
            INSERT INTO outbox_head AS old VALUES (v_restaurant, v_heads)
                ON CONFLICT (restaurant_id) DO UPDATE SET channels = excluded.channels;
        END IF;
    END LOOP;
    INSERT INTO outbox_numbered (id, created_at, restaurant_id, turn, positions)
        SELECT id, at, restaurant, nextval('outbox_id_seq'), positions
        FROM (SELECT * FROM unnest(v_all_ids, v_all_ats, v_all_restaurants, v_all_positions)
                  AS one (id, at, restaurant, positions) ORDER BY id) AS said;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$
"""

# One round trip of the relay: marks what JetStream has, numbers what was committed, gives what comes next, in
# the order in which it was numbered, each by its turn for an id. What lies below the last mark and was not
# taken is kept apart; so is what was lost.
RELAY = """
CREATE OR REPLACE FUNCTION {s}.outbox_next(
    p_generation bigint, p_ids bigint[], p_seqs bigint[], p_at timestamptz, p_limit integer
) RETURNS SETOF {s}.outbox LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF cardinality(p_ids) > 0 THEN
        PERFORM outbox_mark(p_generation, p_ids, p_seqs, p_at);
    END IF;
    PERFORM outbox_number(p_generation, p_limit);
    RETURN QUERY
        SELECT waiting.turn, event.restaurant_id, event.type, event.subject_id, event.msg_id, event.payload,
               waiting.positions, event.trace, event.command_id, event.created_at,
               NULL::timestamptz, NULL::bigint
        FROM ((SELECT numbered.* FROM (SELECT * FROM outbox_again ORDER BY turn LIMIT p_limit) AS again
               CROSS JOIN LATERAL (
                   SELECT n.turn, n.id, n.created_at, n.positions FROM outbox_numbered AS n
                   WHERE n.turn = again.turn AND n.created_at = again.created_at LIMIT 1) AS numbered)
              UNION ALL
              (SELECT n.turn, n.id, n.created_at, n.positions FROM outbox_numbered AS n
               WHERE n.turn > (SELECT published FROM outbox_state) AND n.published_at IS NULL
               ORDER BY n.turn LIMIT p_limit)) AS waiting
        JOIN outbox AS event ON event.id = waiting.id AND event.created_at = waiting.created_at
        ORDER BY waiting.turn LIMIT p_limit;
END $$;
CREATE OR REPLACE FUNCTION {s}.outbox_mark(
    p_generation bigint, p_ids bigint[], p_seqs bigint[], p_at timestamptz
) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_last bigint;
    v_published bigint;
BEGIN
    PERFORM outbox_check_generation(p_generation);
    WITH marked AS (
        UPDATE outbox_numbered AS n SET published_at = p_at, stream_seq = acked.seq
        FROM unnest(p_ids, p_seqs) AS acked (turn, seq) WHERE n.turn = acked.turn RETURNING n.turn)
    SELECT max(turn) INTO v_last FROM marked;
    DELETE FROM outbox_again WHERE turn = ANY (p_ids);
    SELECT published INTO v_published FROM outbox_state;
    IF v_last >= v_published + {step} THEN
        INSERT INTO outbox_again
            SELECT turn, created_at FROM outbox_numbered
            WHERE turn > v_published AND turn < v_last AND published_at IS NULL;
        UPDATE outbox_state SET published = v_last;
    END IF;
END $$;
CREATE OR REPLACE FUNCTION {s}.outbox_unmark(p_generation bigint, p_ids bigint[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM outbox_check_generation(p_generation);
    UPDATE outbox_numbered SET published_at = NULL, stream_seq = NULL WHERE turn = ANY (p_ids);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    INSERT INTO outbox_again
        SELECT turn, created_at FROM outbox_numbered
        WHERE turn = ANY (p_ids) AND turn <= (SELECT published FROM outbox_state)
        ON CONFLICT (turn) DO NOTHING;
    RETURN v_count;
END $$
"""

# The events of a channel of the transaction's restaurant after a position: the first of them, and what fits
# into p_bytes with it, each with p_overhead beside its payload. Read as the caller, who sees its own rows.
REPLAY = """
CREATE FUNCTION {s}.outbox_replay(
    p_channel text, p_epoch text, p_from bigint, p_limit integer, p_bytes bigint, p_overhead bigint
) RETURNS TABLE (
    seq bigint, msg_id uuid, type text, subject_id text, payload bytea, created_at timestamptz,
    command_id text
) LANGUAGE plpgsql STABLE SET search_path = {s}, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_own uuid := nullif(current_setting('app.restaurant_id', true), '')::uuid;
BEGIN
    RETURN QUERY
        WITH run AS (
            (SELECT r.seq, r.ids, r.first_at, r.created_at AS last_at FROM outbox_run AS r
             WHERE r.restaurant_id = v_own AND r.channel = p_channel AND r.epoch = p_epoch AND r.seq > p_from
             ORDER BY r.seq LIMIT p_limit / {run} + 2)
            UNION ALL
            SELECT (one ->> 1)::bigint, string_to_array(one ->> 2, ' ')::bigint[], '-infinity', 'infinity'
            FROM (SELECT head.channels -> p_channel AS one FROM outbox_head AS head
                  WHERE head.restaurant_id = v_own) AS head
            WHERE one ->> 0 = p_epoch),
        place AS (
            SELECT run.seq - cardinality(run.ids) + nth AS seq, listed.id, run.first_at, run.last_at
            FROM run, unnest(run.ids) WITH ORDINALITY AS listed (id, nth)
            WHERE run.seq - cardinality(run.ids) + nth > p_from ORDER BY 1 LIMIT p_limit),
        page AS (
            SELECT place.seq, event.*, row_number() OVER (ORDER BY place.seq) AS nth,
                   sum(octet_length(event.payload) + p_overhead) OVER (ORDER BY place.seq) AS bytes
            FROM place JOIN outbox AS event
                ON event.id = place.id AND event.created_at BETWEEN place.first_at AND place.last_at)
        SELECT page.seq, page.msg_id, page.type, page.subject_id, page.payload, page.created_at,
               page.command_id
        FROM page WHERE nth = 1 OR bytes <= p_bytes ORDER BY page.seq;
END $$
"""

EPOCH = """
CREATE OR REPLACE FUNCTION {s}.outbox_new_epoch() RETURNS text LANGUAGE plpgsql
SET search_path = {s}, pg_temp AS $$
DECLARE
    v_epoch text := substr(md5(random()::text), 1, 6);
BEGIN
    UPDATE outbox_state SET epoch = v_epoch;
    UPDATE outbox_head SET channels = '{{}}';
    RETURN v_epoch;
END $$
"""

WATCH = """
CREATE OR REPLACE FUNCTION {s}.outbox_backlog(p_limit integer, OUT waiting bigint, OUT oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$ WITH numbered AS NOT MATERIALIZED (
          SELECT turn, created_at FROM outbox_numbered
          WHERE turn > (SELECT published FROM outbox_state) AND published_at IS NULL)
      SELECT (SELECT count(*) FROM ((SELECT FROM outbox_unnumbered LIMIT p_limit)
                  UNION ALL (SELECT FROM outbox_again LIMIT p_limit)
                  UNION ALL (SELECT FROM numbered LIMIT p_limit)
                  LIMIT p_limit) AS counted),
             least((SELECT created_at FROM outbox_unnumbered ORDER BY id LIMIT 1),
                   (SELECT created_at FROM outbox_again ORDER BY turn LIMIT 1),
                   (SELECT created_at FROM numbered ORDER BY turn LIMIT 1)) $$;
CREATE OR REPLACE FUNCTION {s}.outbox_page(p_before bigint, p_limit integer, p_since timestamptz)
RETURNS TABLE (id bigint, msg_id uuid, stream_seq bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$ SELECT page.turn, event.msg_id, page.stream_seq
      FROM (SELECT n.turn, n.id, n.created_at, n.stream_seq FROM outbox_numbered AS n
            WHERE n.turn < p_before AND n.created_at >= p_since ORDER BY n.turn DESC LIMIT p_limit) AS page
      JOIN outbox AS event ON event.id = page.id AND event.created_at = page.created_at
      ORDER BY page.turn DESC $$
"""

# As before, with what a day waits for, room in the days of outbox_numbered for the mark of each row, and
# nothing to do for outbox_position, which processes of before ask for.
ROLL = """
CREATE OR REPLACE FUNCTION {s}.outbox_roll(
    p_parent text, p_now timestamptz, p_keep interval, p_first integer, p_last integer
) RETURNS void LANGUAGE plpgsql SET search_path = {s}, pg_temp AS $$
DECLARE
    v_day date := (p_now AT TIME ZONE 'UTC')::date;
    v_fill integer := CASE p_parent WHEN 'outbox_numbered' THEN 50 ELSE 100 END;
    v_name text;
    v_from text;
    v_to text;
    v_end timestamptz;
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
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)'
                       ' WITH (fillfactor = %s)', v_name, p_parent, v_fill);
        -- Nobody but the owner has a right to a day by its own name; this keeps it so.
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_name);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       p_parent, v_name, v_from, v_to);
    END LOOP;
    FOR v_name IN
        SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = p_parent::regclass AND child.relname ~ '_[0-9]{{8}}$'
          AND to_date(right(child.relname, 8), 'YYYYMMDD') + 1 <= ((p_now - p_keep) AT TIME ZONE 'UTC')::date
    LOOP
        v_end := to_date(right(v_name, 8), 'YYYYMMDD') + 1;
        v_open := EXISTS (SELECT FROM outbox_unnumbered WHERE created_at < v_end)
            OR EXISTS (SELECT FROM outbox_again WHERE created_at < v_end)
            OR EXISTS (SELECT FROM outbox_numbered WHERE created_at < v_end AND published_at IS NULL
                       AND turn > (SELECT published FROM outbox_state));
        IF NOT v_open THEN
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', p_parent, v_name);
            EXECUTE format('DROP TABLE %I', v_name);
        END IF;
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION {s}.chassis_roll(p_parent text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp
SET lock_timeout = '1s' SET timezone = 'UTC' AS $$
BEGIN
    IF p_parent = 'outbox_position' THEN
        RETURN;
    END IF;
    IF p_parent NOT IN ('outbox', 'outbox_numbered', 'outbox_run') THEN
        RAISE EXCEPTION '% has no days', p_parent;
    END IF;
    PERFORM outbox_roll(p_parent, p_now, '72 hours', 1, 3);
END $$
"""

SWEPT = housekeeping.SWEEP[
    housekeeping.SWEEP.index("    WHEN 'outbox_default'") : housekeeping.SWEEP.index("    WHEN 'idempotency'")
]
SWEPT_NOW = """    WHEN 'outbox_default' THEN
        DELETE FROM outbox_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM outbox_default
            WHERE created_at < p_now - interval '72 hours'
              AND id NOT IN (SELECT id FROM outbox_unnumbered
                             UNION ALL SELECT id FROM outbox_numbered
                             WHERE created_at < p_now - interval '72 hours' AND published_at IS NULL)
            ORDER BY id LIMIT p_limit));
    WHEN 'outbox_numbered_default' THEN
        DELETE FROM outbox_numbered_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM outbox_numbered_default
            WHERE created_at < p_now - interval '72 hours' AND published_at IS NOT NULL
            ORDER BY turn LIMIT p_limit));
    WHEN 'outbox_run_default' THEN
        DELETE FROM outbox_run_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM outbox_run_default
            WHERE created_at < p_now - interval '72 hours' LIMIT p_limit));
    WHEN 'outbox_position_default' THEN
        RETURN 0;
"""

REPLAY_ARGUMENTS = "text, text, bigint, integer, bigint, bigint"


def upgrade(schema: str, role: str) -> list[str]:
    sweep = housekeeping.SWEEP.replace(SWEPT, SWEPT_NOW)
    texts = [*ddl.split(places.TABLES), *ddl.split_functions(ROLL), sweep]
    texts += [*ddl.split(places.CONVERT), places.ROOM, *ddl.split(places.VIEWS)]
    texts += [*ddl.split_functions(NUMBER), *ddl.split_functions(RELAY), REPLAY, EPOCH]
    texts += ddl.split_functions(WATCH)
    statements = [text.format(s=schema, run=places.RUN, step=STEP).strip() for text in texts]
    for table in ("outbox_head", "outbox_run"):
        statements += ddl.own_rows(schema, table)
    for readable in ("outbox_head", "outbox_run", "outbox_channel", "outbox_position"):
        statements.append(f"GRANT SELECT ON {schema}.{readable} TO {role}")
    replay = f"{schema}.outbox_replay({REPLAY_ARGUMENTS})"
    return [
        *statements,
        f"REVOKE ALL ON FUNCTION {replay} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {replay} TO {role}",
        f"SELECT {schema}.outbox_roll('outbox_run', now(), '72 hours', 0, 3)",
    ]


def downgrade(schema: str, role: str) -> list[str]:
    former = import_module("chassis.db.ddl.revisions.0002_pre_positions_by_the_leader")
    tables = [text for text in ddl.split(outbox.TABLES) if "outbox_position" in text or "_channel" in text]
    [waiting] = [text for text in ddl.split(former.TABLES) if "outbox_waiting" in text]
    functions = [*ddl.split_functions(former.roll()), former.sweep(), former.NUMBER]
    functions += [*ddl.split_functions(former.RELAY), *ddl.split_functions(former.WATCH), outbox.EPOCH]
    functions.append(ddl.split_functions(outbox.RELAY)[1])
    texts = [*ddl.split(places.AS_BEFORE), *tables]
    texts += [text.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") for text in functions]
    statements = [text.format(s=schema).strip() for text in texts]
    for table in ("outbox_position", "outbox_channel"):
        statements += [*ddl.own_rows(schema, table), f"GRANT SELECT ON {schema}.{table} TO {role}"]
    return [
        *statements,
        f"ALTER TABLE {schema}.outbox_position_default ENABLE ROW LEVEL SECURITY",
        f"SELECT {schema}.outbox_roll('outbox_position', now(), '72 hours', 0, 3)",
        *(text.format(s=schema).strip() for text in [*ddl.split(places.BACK), waiting]),
        f"DROP FUNCTION {schema}.outbox_replay({REPLAY_ARGUMENTS})",
    ]
