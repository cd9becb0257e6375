"""A restaurant has an address, a VAT number and a country: its receipts and invoices print them.

Runs before the new code, which reads and writes them; the old code passes over them.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

COLUMNS = {"address": "''", "vat_number": "''", "country_code": "'GB'"}


def upgrade() -> None:
    for name, before in COLUMNS.items():
        op.execute(f"ALTER TABLE auth.restaurant ADD COLUMN {name} text NOT NULL DEFAULT {before}")


def downgrade() -> None:
    for name in COLUMNS:
        op.execute(f"ALTER TABLE auth.restaurant DROP COLUMN {name}")
