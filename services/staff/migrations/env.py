"""Alembic's environment for staff."""

from chassis.db.migrations import run_env

run_env("staff")
