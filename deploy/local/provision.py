"""Roles and database of a Fynlo installation, made by an administrator's connection. Repeatable."""

from collections.abc import Mapping, Sequence

import asyncpg

SERVICES = ("auth", "catalog", "orders", "payments", "staff", "realtime")
OWNER_ROLE = "fynlo_owner"
SERVICE_ROLES = tuple(f"fynlo_{service}" for service in SERVICES)
ROLES = (OWNER_ROLE, *SERVICE_ROLES)
CONNECT_TIMEOUT_SECONDS = 10
RESET_VARIABLE = "FYNLO_RESET_ROLE_PASSWORDS"
PROVISION_LOCK = 0x66796E6C6F
"""Advisory lock: two runs that provision one server at once would trip over each other's catalogue rows."""


class RolesTaken(Exception):
    """Roles of ours exist and have other passwords. Nothing was changed. The text says how to go on."""

    def __init__(self, roles: Sequence[str]) -> None:
        super().__init__(
            f"The Postgres cluster has the roles {', '.join(roles)} already, with other passwords than\n"
            "this installation's: another one uses them, for roles belong to the whole cluster. Either copy\n"
            "secrets.json from its data folder into this one, and both share them; or use a cluster of your\n"
            f"own; or set {RESET_VARIABLE}=yes, which gives them this installation's passwords and\n"
            "locks the other one out."
        )


async def provision(
    admin_url: str, database: str, passwords: Mapping[str, str], *, reset_passwords: bool = True
) -> None:
    """Create what is missing: the roles of ROLES, and `database` owned by fynlo_owner.

    Roles that exist get the passwords, too; without `reset_passwords` they are left as they are, and
    RolesTaken is raised before anything is changed where a password does not fit.

    `admin_url` is a superuser or a role with CREATEROLE and CREATEDB; `passwords` has one entry per role of
    ROLES. No role may bypass row security. PUBLIC may neither connect to `database` nor create or execute
    anything in it.
    """
    missing = [role for role in ROLES if role not in passwords]
    if missing:
        raise ValueError(f"No password for {', '.join(missing)}.")
    admin = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", PROVISION_LOCK)
        if reset_passwords:
            wanted = list(ROLES)
        else:
            wanted = await _missing_roles(admin, admin_url, passwords)
        for role in wanted:
            await _ensure_role(admin, role, passwords[role])
        await _ensure_database(admin, database)
    finally:
        await admin.close()
    inside = await asyncpg.connect(admin_url, database=database, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        await _close_to_public(inside, database)
    finally:
        await inside.close()


async def _missing_roles(
    admin: asyncpg.Connection, admin_url: str, passwords: Mapping[str, str]
) -> list[str]:
    """The roles to create. Raises RolesTaken for those that exist with another password."""
    rows = await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)", list(ROLES))
    existing = {row["rolname"] for row in rows}
    taken = [role for role in ROLES if role in existing and not await _fits(admin_url, role, passwords[role])]
    if taken:
        raise RolesTaken(taken)
    return [role for role in ROLES if role not in existing]


async def _fits(admin_url: str, role: str, password: str) -> bool:
    """Whether `role` logs in with `password`; that it may not enter the database is said only after that."""
    try:
        connection = await asyncpg.connect(
            admin_url, user=role, password=password, timeout=CONNECT_TIMEOUT_SECONDS
        )
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    except asyncpg.PostgresError:
        return True
    await connection.close()
    return True


async def _ensure_role(admin: asyncpg.Connection, role: str, password: str) -> None:
    exists = await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if exists else "CREATE"
    options = "LOGIN INHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
    # Only a superuser may name these two attributes at all; a role starts without them.
    if not await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        options = "LOGIN INHERIT NOCREATEDB NOCREATEROLE"
    # A statement about a role takes no parameters: the server itself quotes the password.
    quoted = await admin.fetchval("SELECT quote_literal($1::text)", password)
    await admin.execute(f"{verb} ROLE {role} {options} PASSWORD {quoted}")


async def _ensure_database(admin: asyncpg.Connection, database: str) -> None:
    if not await admin.fetchval("SELECT pg_has_role(current_user, $1, 'SET')", OWNER_ROLE):
        await admin.execute(f"GRANT {OWNER_ROLE} TO current_user")
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        await admin.execute(f"CREATE DATABASE {_quoted(database)} OWNER {OWNER_ROLE} TEMPLATE template0")


async def _close_to_public(inside: asyncpg.Connection, database: str) -> None:
    name = _quoted(database)
    await inside.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    await inside.execute(f"GRANT CONNECT ON DATABASE {name} TO {', '.join(SERVICE_ROLES)}")
    await inside.execute(f"GRANT ALL ON DATABASE {name} TO {OWNER_ROLE}")
    await inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    await inside.execute(
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"
    )


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
