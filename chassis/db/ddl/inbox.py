"""The inbox: what a consumer has handled, and what it set aside because it could not."""

TABLES = """
CREATE TABLE {s}.inbox (
    consumer text NOT NULL,
    msg_id uuid NOT NULL,
    status text NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    attempts integer NOT NULL,
    error text,
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, msg_id)
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
)
"""

# Also for schemas that have the tables already. A row that is set aside says by its subject whose it is.
COLUMNS = """
ALTER TABLE {s}.inbox ADD COLUMN IF NOT EXISTS restaurant_id uuid;
ALTER TABLE {s}.inbox ALTER COLUMN restaurant_id
    SET DEFAULT nullif(current_setting('app.restaurant_id', true), '')::uuid;
ALTER TABLE {s}.inbox DROP CONSTRAINT IF EXISTS inbox_status;
ALTER TABLE {s}.inbox ADD CONSTRAINT inbox_status
    CHECK (status IN ('handled', 'parked', 'discarded')) NOT VALID;
ALTER TABLE {s}.inbox VALIDATE CONSTRAINT inbox_status;
ALTER TABLE {s}.inbox_parked ADD COLUMN IF NOT EXISTS failures integer NOT NULL DEFAULT 0;
ALTER TABLE {s}.inbox_parked ADD COLUMN IF NOT EXISTS restaurant_id uuid GENERATED ALWAYS AS (
    CASE WHEN subject ~ '\\.[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
         THEN right(subject, 36)::uuid END) STORED;
UPDATE {s}.inbox_parked SET failures = attempts WHERE failures = 0 AND retry_at IS NULL
"""
DUE_INDEX = "inbox_parked_due"
DUE_INDEX_ON = "inbox_parked (consumer, retry_at)"

# What a consumer asks about all restaurants. The time is the server's: one for all replicas, and no step of a
# replica's own clock moves it. One restaurant gets a few of the places of a round, however much of it is due.
DUE = """
CREATE OR REPLACE FUNCTION {s}.inbox_due(p_consumer text, p_limit integer, p_each integer)
RETURNS TABLE (msg_id uuid, restaurant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
    SELECT fair.msg_id, fair.restaurant_id FROM (
        SELECT due.*, row_number() OVER (PARTITION BY due.restaurant_id ORDER BY due.retry_at) AS place
        FROM (SELECT parked.msg_id, parked.restaurant_id, parked.retry_at FROM inbox_parked AS parked
              WHERE parked.consumer = p_consumer AND parked.retry_at <= now()
              ORDER BY parked.retry_at LIMIT p_limit) AS due) AS fair
    WHERE fair.place <= p_each ORDER BY fair.retry_at
$$;
CREATE OR REPLACE FUNCTION {s}.inbox_aside(
    p_consumer text, p_limit integer, OUT parked bigint, OUT waiting bigint, OUT next_seconds double precision
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp SET enable_seqscan = off AS $$
    SELECT
        (SELECT count(*) FROM (SELECT FROM inbox_parked WHERE consumer = p_consumer AND retry_at IS NULL
                               LIMIT p_limit) AS counted),
        (SELECT count(*) FROM (SELECT FROM inbox_parked WHERE consumer = p_consumer AND retry_at IS NOT NULL
                               LIMIT p_limit) AS counted),
        (SELECT extract(epoch FROM min(retry_at) - now()) FROM inbox_parked
         WHERE consumer = p_consumer AND retry_at IS NOT NULL)
$$
"""

NEWEST_INDEX = "inbox_parked_newest"
NEWEST_INDEX_ON = "inbox_parked (parked_at, msg_id, consumer) WHERE retry_at IS NULL"

# What an operator does, with the role of the service or of the owner. No payload: that is read as any row of
# a restaurant. What is being tried at this moment is left alone.
OPERATE = """
CREATE OR REPLACE FUNCTION {s}.parked_page(
    p_limit integer, p_waiting boolean, p_before timestamptz, p_before_id uuid, p_before_consumer text,
    p_msg_id uuid
) RETURNS TABLE (consumer text, msg_id uuid, restaurant_id uuid, subject text, attempts integer,
                 failures integer, error text, parked_at timestamptz, retry_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
    SELECT p.consumer, p.msg_id, p.restaurant_id, p.subject, p.attempts, p.failures, p.error, p.parked_at,
           p.retry_at
    FROM (
        (SELECT * FROM inbox_parked AS w WHERE w.retry_at IS NULL
           AND (w.parked_at, w.msg_id, w.consumer) < (coalesce(p_before, 'infinity'),
               coalesce(p_before_id, '00000000-0000-0000-0000-000000000000'), coalesce(p_before_consumer, ''))
           AND (p_msg_id IS NULL OR w.msg_id = p_msg_id)
         ORDER BY w.parked_at DESC, w.msg_id DESC, w.consumer DESC LIMIT p_limit)
        UNION ALL
        (SELECT * FROM inbox_parked AS w WHERE p_waiting AND w.retry_at IS NOT NULL
           AND (w.parked_at, w.msg_id, w.consumer) < (coalesce(p_before, 'infinity'),
               coalesce(p_before_id, '00000000-0000-0000-0000-000000000000'), coalesce(p_before_consumer, ''))
           AND (p_msg_id IS NULL OR w.msg_id = p_msg_id)
         ORDER BY w.parked_at DESC, w.msg_id DESC, w.consumer DESC LIMIT p_limit)
    ) AS p ORDER BY p.parked_at DESC, p.msg_id DESC, p.consumer DESC LIMIT p_limit
$$;
CREATE OR REPLACE FUNCTION {s}.parked_retry(p_msg_ids uuid[], p_type text, p_limit integer)
RETURNS TABLE (consumer text, msg_id uuid, restaurant_id uuid, subject text)
LANGUAGE sql SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
    UPDATE inbox_parked AS p SET retry_at = now()
    FROM (SELECT w.consumer, w.msg_id FROM inbox_parked AS w
          WHERE CASE WHEN p_msg_ids IS NULL
                THEN w.retry_at IS NULL AND (p_type IS NULL OR starts_with(w.subject, p_type || '.'))
                ELSE w.msg_id = ANY (p_msg_ids) END
          ORDER BY w.parked_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS asked
    WHERE p.consumer = asked.consumer AND p.msg_id = asked.msg_id
    RETURNING p.consumer, p.msg_id, p.restaurant_id, p.subject
$$;
CREATE OR REPLACE FUNCTION {s}.parked_discard(p_msg_ids uuid[])
RETURNS TABLE (consumer text, msg_id uuid, restaurant_id uuid, subject text)
LANGUAGE sql SECURITY DEFINER SET search_path = {s}, pg_temp AS $$
    WITH gone AS (DELETE FROM inbox_parked AS p WHERE p.msg_id = ANY (p_msg_ids)
                  RETURNING p.consumer, p.msg_id, p.restaurant_id, p.subject),
    kept AS (UPDATE inbox SET status = 'discarded' FROM gone
             WHERE inbox.consumer = gone.consumer AND inbox.msg_id = gone.msg_id)
    SELECT gone.consumer, gone.msg_id, gone.restaurant_id, gone.subject FROM gone
$$
"""

TENANT_TABLES = ("inbox", "inbox_parked")
TABLE_NAMES = TENANT_TABLES

FUNCTIONS = {
    "inbox_due": "text, integer, integer",
    "inbox_aside": "text, integer",
    "parked_page": "integer, boolean, timestamptz, uuid, text, uuid",
    "parked_retry": "uuid[], text, integer",
    "parked_discard": "uuid[]",
}
OWNER_ONLY: set[str] = set()
