"""The statements of a service's store, for the test that has Postgres read each of them."""

import re
from importlib import import_module
from pkgutil import walk_packages

import asyncpg

STATEMENT = re.compile(r"\s*(--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def statements_of(store: str) -> dict[str, str]:
    """``module.CONSTANT`` -> SQL, of every module of a package (``services.payments.store``)."""
    package = import_module(store)
    names = [store, *(module.name for module in walk_packages(package.__path__, f"{store}."))]
    return {
        f"{name.removeprefix(store).lstrip('.')}.{constant}": value
        for name in names
        for constant, value in vars(import_module(name)).items()
        if constant.isupper() and isinstance(value, str) and STATEMENT.match(value)
    }


async def refusals(store: str, url: str, schema: str) -> dict[str, str]:
    """``module.CONSTANT`` -> what Postgres says against it; empty where every statement can be prepared."""
    refused: dict[str, str] = {}
    connection = await asyncpg.connect(url, server_settings={"search_path": schema})
    try:
        for name, sql in statements_of(store).items():
            try:
                await connection.prepare(sql)
            except asyncpg.PostgresError as problem:
                refused[name] = str(problem)
    finally:
        await connection.close()
    return refused
