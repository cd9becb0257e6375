"""Who approved the closing of a till that the person at it could not close alone.

Runs before the new code, which writes the columns; older code leaves them empty.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "ALTER TABLE payments.till_session ADD closing_approver_id uuid, ADD closing_approver_name text"
    )


def downgrade() -> None:
    op.get_bind().exec_driver_sql(
        "ALTER TABLE payments.till_session DROP closing_approver_id, DROP closing_approver_name"
    )
