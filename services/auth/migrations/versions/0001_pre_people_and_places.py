"""People, places, sessions."""

from alembic import op

from chassis.db.migrations import create_chassis_schema, drop_chassis_schema, protect_tenant_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE auth.platform (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE auth.user_account (
    id uuid PRIMARY KEY,
    email text NOT NULL CONSTRAINT user_account_email UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
CREATE TABLE auth.platform_owner (
    platform_id uuid NOT NULL REFERENCES auth.platform (id),
    user_id uuid NOT NULL REFERENCES auth.user_account (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (platform_id, user_id)
);
CREATE INDEX platform_owner_by_user ON auth.platform_owner (user_id);
CREATE TABLE auth.restaurant (
    restaurant_id uuid PRIMARY KEY,
    platform_id uuid NOT NULL REFERENCES auth.platform (id),
    version bigint NOT NULL CHECK (version > 0),
    name text NOT NULL,
    currency_code text NOT NULL CHECK (currency_code ~ '^[A-Z]{3}$'),
    time_zone text NOT NULL,
    bill_mode text NOT NULL
        CHECK (bill_mode IN ('inclusive_optional', 'inclusive_compulsory', 'exclusive_legacy')),
    service_charge_bp integer NOT NULL CHECK (service_charge_bp BETWEEN 0 AND 5000),
    day_cutoff_minutes integer NOT NULL CHECK (day_cutoff_minutes BETWEEN 0 AND 1439),
    fee_preset text NOT NULL,
    auto_complete boolean NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT restaurant_name UNIQUE (platform_id, name)
);
CREATE TABLE auth.membership (
    restaurant_id uuid NOT NULL REFERENCES auth.restaurant (restaurant_id),
    user_id uuid NOT NULL REFERENCES auth.user_account (id),
    role text NOT NULL CHECK (role IN ('employee', 'manager', 'restaurant_owner')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (restaurant_id, user_id)
);
CREATE INDEX membership_by_user ON auth.membership (user_id);
CREATE TABLE auth.session (
    id uuid PRIMARY KEY,
    restaurant_id uuid REFERENCES auth.restaurant (restaurant_id),
    user_id uuid NOT NULL REFERENCES auth.user_account (id),
    client text NOT NULL,
    device_id text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text
);
CREATE INDEX session_by_restaurant ON auth.session (restaurant_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX session_by_user ON auth.session (user_id) WHERE ended_at IS NULL;
CREATE INDEX session_expiry ON auth.session (expires_at);
CREATE TABLE auth.refresh_token (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES auth.session (id) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    issued_at timestamptz NOT NULL,
    replaced_at timestamptz,
    replaced_by_device text,
    successor_salt bytea
);
CREATE INDEX refresh_token_by_session ON auth.refresh_token (session_id);
CREATE TABLE auth.revocation (
    kind text NOT NULL CHECK (kind IN ('user', 'session')),
    subject_id uuid NOT NULL,
    valid_after timestamptz NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (kind, subject_id)
);
CREATE INDEX revocation_time ON auth.revocation (valid_after);
CREATE TABLE auth.login_failure (
    kind text NOT NULL CHECK (kind IN ('email', 'address')),
    subject_hash bytea NOT NULL,
    count integer NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject_hash)
);
CREATE INDEX login_failure_time ON auth.login_failure (last_at)
"""

# A log-in, a refresh and the list of one's restaurants happen outside of any tenant. A transaction that has
# proven who the person is says so by app.user_id, and these policies add the rows that concern that person.
PERSON = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"
PERSON_POLICIES = f"""
CREATE POLICY own ON auth.membership FOR SELECT USING (user_id = {PERSON});
CREATE POLICY own ON auth.restaurant FOR SELECT USING (
    restaurant_id IN (SELECT m.restaurant_id FROM auth.membership m WHERE m.user_id = {PERSON})
    OR platform_id IN (SELECT o.platform_id FROM auth.platform_owner o WHERE o.user_id = {PERSON}));
CREATE POLICY own ON auth.session USING (user_id = {PERSON}) WITH CHECK (user_id = {PERSON});
CREATE POLICY sweep ON auth.session FOR DELETE TO CURRENT_USER USING (true);
CREATE POLICY sweep_reads ON auth.session FOR SELECT TO CURRENT_USER USING (true)
"""  # noqa: S608 - policies, not a query

# Sessions of all tenants at once: only as this function, only expired ones, a batch at a time.
SWEEP = """
CREATE FUNCTION auth.sweep_sessions(p_expired_before timestamptz, p_batch integer) RETURNS bigint LANGUAGE sql
SECURITY DEFINER SET search_path = auth, pg_temp AS $$
    WITH gone AS (
        DELETE FROM session WHERE id IN (
            SELECT id FROM session WHERE expires_at < p_expired_before ORDER BY expires_at LIMIT p_batch)
        RETURNING 1)
    SELECT count(*) FROM gone
$$
"""

GRANTS = """
GRANT SELECT, INSERT ON auth.platform, auth.platform_owner TO fynlo_auth;
GRANT SELECT, INSERT, UPDATE ON auth.user_account TO fynlo_auth;
GRANT SELECT, INSERT, UPDATE ON auth.refresh_token TO fynlo_auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.revocation, auth.login_failure TO fynlo_auth;
REVOKE ALL ON FUNCTION auth.sweep_sessions(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.sweep_sessions(timestamptz, integer) TO fynlo_auth
"""


def upgrade() -> None:
    create_chassis_schema(op, "auth")
    _run(TABLES)
    protect_tenant_table(op, "auth", "restaurant", grants="SELECT, INSERT, UPDATE")
    protect_tenant_table(op, "auth", "membership")
    protect_tenant_table(op, "auth", "session", grants="SELECT, INSERT, UPDATE")
    _run(PERSON_POLICIES)
    op.execute(SWEEP)
    _run(GRANTS)


def downgrade() -> None:
    op.execute("DROP FUNCTION auth.sweep_sessions(timestamptz, integer)")
    for table in (
        "login_failure",
        "revocation",
        "refresh_token",
        "session",
        "membership",
        "restaurant",
        "platform_owner",
        "user_account",
        "platform",
    ):
        op.execute(f"DROP TABLE auth.{table} CASCADE")
    drop_chassis_schema(op, "auth")


def _run(script: str) -> None:
    for statement in script.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
