"""Who approved what the person at the till could not do alone, and why.

Runs before the new code, which writes the columns; older code leaves them at their defaults.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run("ALTER TABLE payments.drawer_event ADD approver_id uuid, ADD approver_name text")
    run(
        "ALTER TABLE payments.payment ADD approver_id uuid, ADD approver_name text,"
        " ADD reason text NOT NULL DEFAULT ''"
    )


def downgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run("ALTER TABLE payments.drawer_event DROP approver_id, DROP approver_name")
    run("ALTER TABLE payments.payment DROP approver_id, DROP approver_name, DROP reason")
