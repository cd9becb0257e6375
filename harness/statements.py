"""The SQL of a service, held against its migrated schema.

A statement is a constant of a module in ``services/<name>/store``, in capitals. Postgres prepares each of
them: it knows every table, column and parameter type then, or says which it does not know.
"""

import importlib
import pkgutil
import re

import asyncpg

from chassis.db import connection_options
from harness.fixtures import ModuleDatabases

VERBS = re.compile(r"\s*(--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def statements_of(service: str) -> dict[str, str]:
    """Every statement by ``module.NAME``."""
    store = importlib.import_module(f"services.{service}.store")
    found = pkgutil.walk_packages(store.__path__, f"{store.__name__}.")
    modules = [importlib.import_module(each.name) for each in found]
    return {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and VERBS.match(value)
    }


async def refused_statements(
    databases: ModuleDatabases, service: str, statements: dict[str, str]
) -> dict[str, str]:
    """Why Postgres would not prepare a statement, by its name; empty where all are good."""
    refused = {}
    connection = await asyncpg.connect(
        databases.infrastructure.admin_url,
        database=await databases.name(service),
        **connection_options(service),
    )
    try:
        for name, statement in statements.items():
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                refused[name] = str(error)
    finally:
        await connection.close()
    return refused
