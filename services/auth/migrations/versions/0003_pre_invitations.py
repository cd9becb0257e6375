"""Invitations, the links that prove a mailbox, and the queue of mails.

Members and accounts that are there stay as they are: active.
"""

from alembic import op

from chassis.db.migrations import protect_tenant_table

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE auth.invitation (
    id uuid PRIMARY KEY,
    restaurant_id uuid NOT NULL REFERENCES auth.restaurant (restaurant_id),
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('employee', 'manager', 'restaurant_owner')),
    state text NOT NULL CHECK (state IN ('pending', 'accepted', 'revoked')),
    invited_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_at timestamptz,
    accepted_by uuid
);
CREATE UNIQUE INDEX invitation_pending ON auth.invitation (restaurant_id, email) WHERE state = 'pending';
CREATE INDEX invitation_by_restaurant ON auth.invitation (restaurant_id, created_at, id);
CREATE INDEX invitation_expiry ON auth.invitation (expires_at);
CREATE TABLE auth.link (
    token_hash bytea PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    subject_id uuid NOT NULL,
    tenant_id uuid,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX link_by_subject ON auth.link (subject_id);
CREATE INDEX link_expiry ON auth.link (expires_at);
CREATE TABLE auth.mail (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('invitation', 'reset', 'password_changed')),
    recipient text NOT NULL,
    about text NOT NULL,
    subject_id uuid,
    tenant_id uuid,
    state text NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts integer NOT NULL,
    next_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE INDEX mail_due ON auth.mail (next_at, id) WHERE state = 'queued';
CREATE INDEX mail_settled ON auth.mail (settled_at);
CREATE TABLE auth.local_mail (
    id uuid PRIMARY KEY,
    recipient text NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,
    link text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX local_mail_time ON auth.local_mail (sent_at, id);
CREATE TABLE auth.quota (
    kind text NOT NULL,
    subject_hash bytea NOT NULL,
    count integer NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (kind, subject_hash)
);
CREATE INDEX quota_time ON auth.quota (since)
"""

# Of all restaurants at once: only as this function, only old ones, a batch at a time.
POLICIES = """
CREATE POLICY sweep ON auth.invitation FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY sweep_reads ON auth.invitation FOR SELECT TO CURRENT_USER USING (true)
"""
SWEEP = """
CREATE FUNCTION auth.sweep_invitations(p_expired_before timestamptz, p_batch integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
    WITH gone AS (
        DELETE FROM invitation WHERE id IN (
            SELECT id FROM invitation WHERE expires_at < p_expired_before ORDER BY expires_at LIMIT p_batch)
        RETURNING 1)
    SELECT count(*) FROM gone
$$
"""
GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.link, auth.mail, auth.local_mail, auth.quota TO fynlo_auth;
REVOKE ALL ON FUNCTION auth.sweep_invitations(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.sweep_invitations(timestamptz, integer) TO fynlo_auth
"""


def upgrade() -> None:
    _run(TABLES)
    protect_tenant_table(op, "auth", "invitation", grants="SELECT, INSERT, UPDATE")
    _run(POLICIES)
    op.execute(SWEEP)
    _run(GRANTS)


def downgrade() -> None:
    op.execute("DROP FUNCTION auth.sweep_invitations(timestamptz, integer)")
    for table in ("quota", "local_mail", "mail", "link", "invitation"):
        op.execute(f"DROP TABLE auth.{table} CASCADE")


def _run(script: str) -> None:
    for statement in script.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
