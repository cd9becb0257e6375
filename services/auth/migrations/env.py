"""Alembic's environment for auth."""

from chassis.migrations import run_env

run_env("auth")
