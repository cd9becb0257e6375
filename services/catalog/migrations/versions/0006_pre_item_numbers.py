"""Items have a barcode and a PLU, each of them one item's of a menu.

Runs before the new code. The old code goes on: what it adds has neither, and what it changes keeps its own.
"""

from alembic import op

from chassis.db.migrations import index_concurrently

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for name in ("barcode", "plu"):
        op.execute(f"ALTER TABLE catalog.item ADD COLUMN IF NOT EXISTS {name} text NOT NULL DEFAULT ''")
    for name in ("barcode", "plu"):
        on = f"item (restaurant_id, {name}) WHERE {name} <> '' AND NOT removed"
        index_concurrently(op, "catalog", f"item_{name}", on, unique=True)


def downgrade() -> None:
    for name in ("barcode", "plu"):
        op.execute(f"ALTER TABLE catalog.item DROP COLUMN {name}")
