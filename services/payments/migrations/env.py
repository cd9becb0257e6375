"""The alembic environment of the payments schema."""

from chassis.db.migrations import run_env

run_env("payments")
