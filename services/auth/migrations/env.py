"""Alembic's environment for auth."""

from chassis.db.migrations import run_env

run_env("auth")
