"""Items say which allergens they may hold traces of.

Runs before the new code. The old code goes on: what it adds says nothing of them. What options have gained
stands in their document beside what the old code reads; what it changes loses it.
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE catalog.item ADD COLUMN IF NOT EXISTS may_contain smallint[] NOT NULL DEFAULT '{}'"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE catalog.item DROP COLUMN may_contain")
