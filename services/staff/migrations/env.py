"""Alembic's environment for staff."""

from chassis.migrations import run_env

run_env("staff")
