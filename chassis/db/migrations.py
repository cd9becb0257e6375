"""Schema migrations of every service: one alembic environment, asyncpg only.

    python -m chassis.db.migrations upgrade|downgrade|check <service>|all [--phase pre] [--to 0003]

reads FYNLO_OWNER_DATABASE_URL. A service keeps ``services/<service>/migrations/env.py`` (two lines, see
docs/chassis.md) and ``versions/NNNN_{pre|post}_what.py``: *pre* runs before the new code is rolled out and
works with the old code, *post* runs afterwards. ``--phase pre`` stops before the first pending *post*, and
refuses where a *pre* waits behind that.

The chassis' part of every schema has revisions of its own (``chassis.db.schema_version``), which run first.
"""

import asyncio
import importlib
import re
from collections.abc import Callable
from enum import StrEnum
from importlib import util
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import sqlalchemy as sa
import typer
from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from chassis.db import schema_version
from chassis.db.schema_version import BadMigration

SERVICES = ("auth", "catalog", "orders", "payments", "staff", "realtime")
VERSION_TABLE = "alembic_version"
MIGRATION_LOCK = 0x6D696772
"""Advisory lock: two runs that migrate one database at once take turns."""
TURN_SECONDS = 0.2
LOCK_TIMEOUT = "10s"
"""A migration that cannot get its lock gives up instead of queueing every request behind itself."""

_FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.py")
_PARTITION = re.compile(r"_(default|\d{4,8})$")
_Result = TypeVar("_Result")


class AlembicOp(Protocol):
    """``from alembic import op``, or an ``Operations`` object."""

    def get_bind(self) -> sa.Connection:
        """The connection of the migration."""
        ...

    def get_context(self) -> MigrationContext:
        """What knows how to leave the migration's transaction."""
        ...


class OwnerSettings(BaseSettings):
    """What migrations need: the role that owns the schemas."""

    model_config = SettingsConfigDict(env_prefix="FYNLO_", extra="ignore", hide_input_in_errors=True)
    owner_database_url: str


# -- for the revisions of a service ----------------------------------------------------------------------


def create_chassis_schema(op: AlembicOp, schema: str, role: str | None = None) -> None:
    """The chassis' part of a schema, the newest, with its functions and grants; for its first revision.

    ``role`` is the login role of the service, ``fynlo_<schema>`` unless given. Nothing where it is there:
    ``run_migrations`` brings the chassis' part up first.
    """
    if not schema_version.is_versioned(op.get_bind(), schema):
        schema_version.create(op.get_bind(), schema, role or role_of(schema))


def is_of_the_chassis(op: AlembicOp, schema: str) -> None:
    """Nothing: what this revision of a service did is in the chassis' baseline, which ran before it."""


save_round_trips = see_own_rows = keep_audit_records = operate_parked_events = is_of_the_chassis


def index_concurrently(op: AlembicOp, schema: str, name: str, on: str, *, unique: bool = False) -> None:
    """An index on a table in use, built without a lock that would stop its writers.

    ``on`` is what follows ON in the statement, the table without its schema. The transaction of the revision
    is committed before: let it be the last step. What an earlier try left unfinished is built anew. Nothing
    where the index is there.
    """
    with op.get_context().autocommit_block():
        schema_version.build_index(op.get_bind(), schema, name, on, unique=unique)


def drop_chassis_schema(op: AlembicOp, schema: str) -> None:
    """The reverse of create_chassis_schema, for ``downgrade()``."""
    schema_version.take_down(op.get_bind(), schema, role_of(schema))


def protect_tenant_table(
    op: AlembicOp,
    schema: str,
    table: str,
    role: str | None = None,
    grants: str = "SELECT, INSERT, UPDATE, DELETE",
) -> None:
    """Row-level security by ``restaurant_id``, forced also on the owner, and what the role may do with the
    table.
    """
    tenant = "restaurant_id = (SELECT nullif(current_setting('app.restaurant_id', true), '')::uuid)"
    for statement in (
        f"ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {schema}.{table} USING ({tenant}) WITH CHECK ({tenant})",
        f"GRANT {grants} ON {schema}.{table} TO {role or f'fynlo_{schema}'}",
    ):
        op.get_bind().exec_driver_sql(statement)


def run_env(service: str) -> None:
    """The whole of a service's ``migrations/env.py``."""
    context.configure(
        connection=context.config.attributes["connection"],
        version_table=VERSION_TABLE,
        version_table_schema=service,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


# -- running them ----------------------------------------------------------------------------------------


def migrations_folder(service: str) -> Path | None:
    """Where the migrations of a service lie; None where it has none (yet)."""
    spec = util.find_spec(f"services.{service}")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "migrations"
    return folder if (folder / "env.py").exists() else None


def migrated_services() -> list[str]:
    """The services that have migrations, in the order in which they are migrated."""
    return [service for service in SERVICES if migrations_folder(service) is not None]


def role_of(schema: str) -> str:
    """The login role of the service whose schema it is."""
    return f"fynlo_{schema}"


async def run_migrations(
    service: str, owner_url: str, *, to: str = "head", pre_only: bool = False, chassis_to: str = "head"
) -> None:
    """Brings the chassis' part of the schema of ``service`` up to ``chassis_to``, then its own to ``to``.

    Raises BadMigration for a folder that breaks the rules.
    """
    config = _config(service)
    _check_file_names(service, config)

    def upgrade(connection: sa.Connection) -> None:
        schema_version.bring_up(connection, service, role_of(service), to=chassis_to, pre_only=pre_only)
        config.attributes["connection"] = connection
        target = _last_pre(config, connection, service) if pre_only else to
        if target is not None:
            command.upgrade(config, target)

    await _with_connection(owner_url, service, upgrade)


async def revert_migrations(service: str, owner_url: str, *, to: str = "base") -> None:
    """Takes the schema of ``service`` back to ``to``; ``base`` leaves it empty, of the chassis' part too.

    On the way the chassis' part stays as it is: it works with whatever the service had before.
    """
    config = _config(service)

    def downgrade(connection: sa.Connection) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, to)

    await _with_connection(owner_url, service, downgrade)


async def revert_chassis(service: str, owner_url: str, *, to: str) -> None:
    """Takes the chassis' part of the schema of ``service`` back to its revision ``to``."""

    def downgrade(connection: sa.Connection) -> None:
        schema_version.take_down(connection, service, role_of(service), to=to)

    await _with_connection(owner_url, service, downgrade)


async def schema_differences(service: str, owner_url: str) -> list[str]:
    """How the migrated schema differs from ``services.<service>.store.tables.metadata``; empty where it does
    not.
    """
    metadata: sa.MetaData = importlib.import_module(f"services.{service}.store.tables").metadata

    def compare(connection: sa.Connection) -> list[str]:
        options = {
            "include_schemas": True,
            "include_name": lambda name, kind, parents: _included(service, name, kind, parents),
            "compare_type": True,
            "version_table": VERSION_TABLE,
            "version_table_schema": service,
        }
        migration_context = MigrationContext.configure(connection, opts=options)
        return [repr(difference) for difference in compare_metadata(migration_context, metadata)]

    return await _with_connection(owner_url, service, compare)


def _included(service: str, name: str | None, kind: str, parents: Any) -> bool:
    if kind == "schema":
        return name == service
    if kind == "table":
        return parents["schema_name"] == service and not _PARTITION.search(name or "")
    return True


async def _with_connection(owner_url: str, service: str, work: Callable[[sa.Connection], _Result]) -> _Result:
    url = sa.make_url(owner_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=sa.NullPool)
    try:
        async with engine.connect() as connection:
            await _take_turns(connection)
            await connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            await connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {service}")
            await connection.commit()
            result = await connection.run_sync(work)
            await connection.commit()
            return result
    finally:
        await engine.dispose()


async def _take_turns(connection: AsyncConnection) -> None:
    """Asks again and again: an index that is built meanwhile would wait for a statement that waits."""
    while not await connection.scalar(sa.text(f"SELECT pg_try_advisory_lock({MIGRATION_LOCK})")):
        await connection.commit()
        await asyncio.sleep(TURN_SECONDS)
    await connection.commit()


def _config(service: str) -> Config:
    folder = migrations_folder(service)
    if folder is None:
        raise BadMigration(f"services/{service} has no migrations")
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _check_file_names(service: str, config: Config) -> None:
    for script in ScriptDirectory.from_config(config).walk_revisions():
        named = _FILE_NAME.fullmatch(Path(script.path).name)
        if named is None or named["number"] != script.revision:
            raise BadMigration(
                f"{service}: {Path(script.path).name} (revision {script.revision}) is not"
                " NNNN_{pre|post}_what.py with revision NNNN"
            )


def _last_pre(config: Config, connection: sa.Connection, service: str) -> str | None:
    """The revision before the first pending post; None where that leaves nothing to do. All of them for a
    schema that has none: no code from before works with it.

    Raises BadMigration as before_roll_out: new code must not begin without a pre that waits.
    """
    options = {"version_table": VERSION_TABLE, "version_table_schema": service}
    current = MigrationContext.configure(connection, opts=options).get_current_revision()
    connection.commit()
    scripts = ScriptDirectory.from_config(config)
    if current is None:
        return "head"
    pending = [Path(one.path).stem for one in scripts.iterate_revisions("head", current)][::-1]
    runs = schema_version.before_roll_out(service, pending)
    return runs[-1][:4] if runs else None


# -- command line ----------------------------------------------------------------------------------------


class Phase(StrEnum):
    """Which revisions to run around the roll-out of new code."""

    PRE = "pre"
    ALL = "all"


app = typer.Typer(add_completion=False, help="Migrate the schemas of the services.")
Which = Annotated[str, typer.Argument(help="a service, or all")]


@app.command()
def upgrade(which: Which, phase: Phase = Phase.ALL, to: str = "head") -> None:
    """Bring schemas up to date."""
    for service in _chosen(which):
        asyncio.run(run_migrations(service, _owner_url(), to=to, pre_only=phase is Phase.PRE))
        typer.echo(f"{service}: upgraded")


@app.command()
def downgrade(which: Which, to: str = "base", chassis_to: str = "") -> None:
    """Take schemas back: what is the service's own to --to, or only the chassis' part to --chassis-to."""
    for service in reversed(_chosen(which)):
        if chassis_to:
            asyncio.run(revert_chassis(service, _owner_url(), to=chassis_to))
        else:
            asyncio.run(revert_migrations(service, _owner_url(), to=to))
        typer.echo(f"{service}: at {chassis_to or to}")


@app.command()
def check(which: Which) -> None:
    """Compare migrated schemas with the declared tables; exit 1 where they differ."""
    differing = False
    for service in _chosen(which):
        differences = asyncio.run(schema_differences(service, _owner_url()))
        differing = differing or bool(differences)
        typer.echo("\n".join([f"{service}: {len(differences)} differences", *differences]))
    raise typer.Exit(1 if differing else 0)


def _chosen(which: str) -> list[str]:
    if which == "all":
        return migrated_services()
    if which not in SERVICES:
        raise typer.BadParameter(f"{which} is none of {', '.join(SERVICES)}, all")
    return [which]


def _owner_url() -> str:
    return OwnerSettings().owner_database_url  # type: ignore[call-arg] # comes from the environment


if __name__ == "__main__":
    app()
