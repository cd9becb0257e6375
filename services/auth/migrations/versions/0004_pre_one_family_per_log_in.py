"""A session may change its restaurant, wrong guesses are counted by where they come from, devices are known.

Runs before the new code, which is the only one to write any of it. Ends the sessions that a switch left
behind: before, a switch opened a session beside the one in use, with the same person, device and, to the
microsecond, the same end. Such sessions are one log-in; the newest goes on, for its device uses that one.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

ADDED = """
ALTER TABLE auth.session ADD COLUMN switched_at timestamptz;
CREATE TABLE auth.known_device (
    user_id uuid NOT NULL REFERENCES auth.user_account (id),
    secret_hash bytea NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, secret_hash)
);
CREATE INDEX known_device_by_secret ON auth.known_device (secret_hash);
CREATE INDEX known_device_time ON auth.known_device (last_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.known_device TO fynlo_auth;
ALTER TABLE auth.login_failure DROP CONSTRAINT login_failure_kind_check;
ALTER TABLE auth.login_failure ADD CONSTRAINT login_failure_kind_check
    CHECK (kind IN ('email', 'address', 'place', 'device', 'person'))
"""
END_LEFT_BEHIND = """
UPDATE auth.session SET ended_at = now(), end_reason = 'switched'
WHERE ended_at IS NULL AND id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY user_id, device_id, client, expires_at ORDER BY created_at DESC, id DESC) AS age
        FROM auth.session WHERE ended_at IS NULL) AS of_one_log_in
    WHERE age > 1)
"""
REMOVED = """
DELETE FROM auth.login_failure WHERE kind NOT IN ('email', 'address');
ALTER TABLE auth.login_failure DROP CONSTRAINT login_failure_kind_check;
ALTER TABLE auth.login_failure ADD CONSTRAINT login_failure_kind_check CHECK (kind IN ('email', 'address'));
DROP TABLE auth.known_device;
ALTER TABLE auth.session DROP COLUMN switched_at
"""


def upgrade() -> None:
    _run(ADDED)
    # Row-level security is forced on the owner too: for this statement it sees every tenant's rows.
    op.execute("CREATE POLICY migrate ON auth.session TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(END_LEFT_BEHIND)
    op.execute("DROP POLICY migrate ON auth.session")


def downgrade() -> None:
    _run(REMOVED)


def _run(script: str) -> None:
    for statement in script.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
