"""The alembic environment of the payments schema."""

from chassis.migrations import run_env

run_env("payments")
