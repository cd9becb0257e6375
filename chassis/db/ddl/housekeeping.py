"""What becomes of old rows."""

# A partition is attached, not created in place: that takes no lock which would stop writers. Today's is made
# by the first revision only, before there are writers: a row on its way into the default partition would be
# refused when its day appears beside it. A day goes when it is past its hours and fully published.
HOUSEKEEPING = """
CREATE OR REPLACE FUNCTION {s}.outbox_roll(
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
        SELECT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NULL
                       AND created_at < to_date(right(v_name, 8), 'YYYYMMDD') + 1) INTO v_open;
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
    IF p_parent NOT IN ('outbox', 'outbox_position') THEN
        RAISE EXCEPTION '% has no days', p_parent;
    END IF;
    PERFORM outbox_roll(p_parent, p_now, '72 hours', 1, 3);
END $$
"""

# The oldest first, found by an index: rows that earlier rounds deleted are not looked at again and again.
SWEEP = """
CREATE OR REPLACE FUNCTION {s}.chassis_sweep_rows(p_table text, p_now timestamptz, p_limit integer)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp
SET lock_timeout = '1s' SET enable_seqscan = off AS $$
DECLARE
    v_count bigint;
BEGIN
    CASE p_table
    WHEN 'outbox_default' THEN
        DELETE FROM outbox_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM outbox_default
            WHERE created_at < p_now - interval '72 hours' AND published_at IS NOT NULL
            ORDER BY id LIMIT p_limit));
    WHEN 'outbox_position_default' THEN
        DELETE FROM outbox_position_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM outbox_position_default
            WHERE created_at < p_now - interval '72 hours' LIMIT p_limit));
    WHEN 'idempotency' THEN
        DELETE FROM idempotency WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency WHERE created_at < p_now - interval '24 hours'
            ORDER BY created_at LIMIT p_limit));
    WHEN 'inbox' THEN
        DELETE FROM inbox WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM inbox WHERE received_at < p_now - interval '8 days'
            ORDER BY received_at LIMIT p_limit));
    END CASE;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$
"""

ROLLED = ("outbox", "outbox_numbered", "outbox_run")
"""One transaction each: one that held the locks of both tables could deadlock with a writer."""
SWEPT = ("idempotency", "inbox", "outbox_default", "outbox_numbered_default", "outbox_run_default")

FUNCTIONS = {
    "outbox_roll": "text, timestamptz, interval, integer, integer",
    "chassis_roll": "text, timestamptz",
    "chassis_sweep_rows": "text, timestamptz, integer",
}
OWNER_ONLY = {"outbox_roll"}
