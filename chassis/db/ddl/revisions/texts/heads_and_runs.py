"""Of 0004: the tables in which positions are kept, and how they come from those of before and go back."""

RUN = 8
"""Events of a channel that one row names. The more, the fewer rows, and the longer the head that each batch
writes anew."""

# First the lock without which no round and no replay begins: whoever waits for it holds nothing of what else
# is locked here.
TABLES = """
LOCK TABLE {s}.outbox_state IN ACCESS EXCLUSIVE MODE;
ALTER TABLE {s}.outbox_state ADD COLUMN published bigint NOT NULL DEFAULT 0;
CREATE TABLE {s}.outbox_head (
    restaurant_id uuid NOT NULL,
    channels jsonb NOT NULL,
    CONSTRAINT outbox_head_pkey PRIMARY KEY (restaurant_id)
) WITH (fillfactor = 40);
CREATE TABLE {s}.outbox_run (
    restaurant_id uuid NOT NULL,
    channel text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    ids bigint[] NOT NULL,
    first_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT outbox_run_pkey PRIMARY KEY (restaurant_id, channel, epoch, seq, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE {s}.outbox_run_default PARTITION OF {s}.outbox_run DEFAULT;
ALTER TABLE {s}.outbox_run_default ENABLE ROW LEVEL SECURITY;
CREATE TABLE {s}.outbox_again (
    turn bigint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT outbox_again_pkey PRIMARY KEY (turn)
)
"""

# An event that is past its hours has the id 0 in a run: no event has it.
CONVERT = """
INSERT INTO {s}.outbox_run
SELECT run.restaurant_id, run.channel, run.epoch, run.seq, listed.ids, run.first_at, run.last_at
FROM (SELECT p.restaurant_id, p.channel, p.epoch, (p.seq + {run} - 1) / {run} * {run} AS seq,
             array_agg(p.seq) AS seqs, array_agg(p.outbox_id) AS ids,
             min(p.created_at) AS first_at, max(p.created_at) AS last_at
      FROM {s}.outbox_position AS p
      JOIN {s}.outbox_channel AS c USING (restaurant_id, channel, epoch)
      WHERE (p.seq + {run} - 1) / {run} * {run} <= c.seq GROUP BY 1, 2, 3, 4) AS run
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(had.id, 0) ORDER BY place) AS ids
    FROM generate_series(run.seq - {run} + 1, run.seq) AS place
    LEFT JOIN unnest(run.seqs, run.ids) AS had (seq, id) ON had.seq = place) AS listed;
INSERT INTO {s}.outbox_head
SELECT c.restaurant_id, jsonb_object_agg(c.channel, jsonb_build_array(c.epoch, c.seq, tail.ids))
FROM {s}.outbox_channel AS c
CROSS JOIN LATERAL (
    SELECT coalesce(string_agg(coalesce(p.outbox_id, 0)::text, ' ' ORDER BY place), '') AS ids
    FROM generate_series(c.seq / {run} * {run} + 1, c.seq) AS place
    LEFT JOIN {s}.outbox_position AS p ON p.restaurant_id = c.restaurant_id AND p.channel = c.channel
        AND p.epoch = c.epoch AND p.seq = place) AS tail
GROUP BY c.restaurant_id;
INSERT INTO {s}.outbox_numbered (id, created_at, restaurant_id, turn, positions, published_at, stream_seq)
SELECT id, created_at, restaurant_id, id, positions, published_at, stream_seq
FROM {s}.outbox WHERE published_at IS DISTINCT FROM '-infinity';
UPDATE {s}.outbox SET published_at = '-infinity' WHERE published_at IS NULL;
UPDATE {s}.outbox_numbered AS n SET turn = own.turn
FROM (SELECT id, created_at, nextval('{s}.outbox_id_seq') AS turn
      FROM (SELECT id, created_at FROM {s}.outbox_numbered ORDER BY turn, id) AS ordered) AS own
WHERE n.id = own.id AND n.created_at = own.created_at;
INSERT INTO {s}.outbox_again SELECT turn, created_at FROM {s}.outbox_numbered WHERE published_at IS NULL;
UPDATE {s}.outbox_state SET published = coalesce((SELECT max(turn) FROM {s}.outbox_numbered), 0);
DROP INDEX {s}.outbox_waiting;
ALTER TABLE {s}.outbox_numbered DROP CONSTRAINT outbox_numbered_pkey,
    ADD CONSTRAINT outbox_numbered_pkey PRIMARY KEY (turn, created_at);
DROP TABLE {s}.outbox_channel, {s}.outbox_position
"""

ROOM = """
DO $$ DECLARE v_name regclass; BEGIN
    FOR v_name IN SELECT inhrelid::regclass FROM pg_inherits
        WHERE inhparent = '{s}.outbox_numbered'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', v_name);
    END LOOP;
END $$
"""

# outbox_position is for processes of before alone, and goes with them.
VIEWS = """
CREATE VIEW {s}.outbox_channel WITH (security_invoker = true) AS
SELECT head.restaurant_id, one.key AS channel, one.value ->> 0 AS epoch, (one.value ->> 1)::bigint AS seq
FROM {s}.outbox_head AS head, jsonb_each(head.channels) AS one;
CREATE VIEW {s}.outbox_position WITH (security_invoker = true) AS
SELECT place.restaurant_id, place.channel, place.epoch, place.seq, event.id AS outbox_id, event.created_at
FROM (SELECT run.restaurant_id, run.channel, run.epoch, run.seq - cardinality(run.ids) + nth AS seq,
             listed.id, run.first_at, run.created_at AS last_at
      FROM {s}.outbox_run AS run, unnest(run.ids) WITH ORDINALITY AS listed (id, nth)
      UNION ALL
      SELECT head.restaurant_id, one.key, one.value ->> 0,
             (one.value ->> 1)::bigint / {run} * {run} + nth, listed.id::bigint, '-infinity', 'infinity'
      FROM {s}.outbox_head AS head, jsonb_each(head.channels) AS one,
           string_to_table(one.value ->> 2, ' ') WITH ORDINALITY AS listed (id, nth)) AS place
JOIN {s}.outbox AS event
    ON event.id = place.id AND event.created_at BETWEEN place.first_at AND place.last_at
"""

# The positions of each event again, from the runs.
AS_BEFORE = """
LOCK TABLE {s}.outbox_state IN ACCESS EXCLUSIVE MODE;
ALTER VIEW {s}.outbox_channel RENAME TO outbox_channel_now;
ALTER VIEW {s}.outbox_position RENAME TO outbox_position_now
"""
BACK = """
INSERT INTO {s}.outbox_channel SELECT restaurant_id, channel, epoch, seq FROM {s}.outbox_channel_now;
INSERT INTO {s}.outbox_position
    SELECT restaurant_id, channel, epoch, seq, outbox_id, created_at FROM {s}.outbox_position_now;
ALTER TABLE {s}.outbox_numbered DROP CONSTRAINT outbox_numbered_pkey,
    ADD CONSTRAINT outbox_numbered_pkey PRIMARY KEY (id, created_at);
DROP VIEW {s}.outbox_channel_now, {s}.outbox_position_now;
DROP TABLE {s}.outbox_head, {s}.outbox_run, {s}.outbox_again;
ALTER TABLE {s}.outbox_state DROP COLUMN published
"""
