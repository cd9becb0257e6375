"""What each may take off an order alone.

Runs before the new code; the old code passes over the columns, and its restaurants have the usual caps.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

CAPS = {"employee": 1_000, "manager": 5_000, "owner": 10_000}


def upgrade() -> None:
    for who, usual in CAPS.items():
        column = f"{who}_discount_bp"
        op.execute(
            f"ALTER TABLE auth.restaurant ADD {column} integer NOT NULL DEFAULT {usual}"
            f" CHECK ({column} BETWEEN 0 AND 10000)"
        )


def downgrade() -> None:
    for who in CAPS:
        op.execute(f"ALTER TABLE auth.restaurant DROP {who}_discount_bp")
