"""The chassis' own part of a service's schema has its own version, and is brought up before the service's.

Its revisions lie in ``chassis/db/ddl/revisions``, one file a change for all services. ``chassis_version``
holds the number of the last one that a schema has run.
"""

import pkgutil
import re
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import sqlalchemy as sa

from chassis.db.ddl import revisions

VERSION_TABLE = "chassis_version"
BASELINE = "0001"

_NAME = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+")
_VALID = sa.text(
    "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
    " JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relname = :name AND nspname = :schema"
)


class BadMigration(Exception):
    """A migrations folder breaks a rule, or the database differs from the declared tables."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of the chassis' tables."""

    name: str
    module: ModuleType

    @property
    def number(self) -> str:
        """By which it is ordered."""
        return self.name[:4]


def all_revisions() -> list[Revision]:
    """In their order. Raises BadMigration where a file's name does not say when it runs, or numbers lack."""
    found: list[Revision] = []
    files = (entry for entry in pkgutil.iter_modules(revisions.__path__) if not entry.ispkg)
    for listed in sorted(files, key=lambda entry: entry.name):
        named = _NAME.fullmatch(listed.name)
        if named is None or named["number"] != f"{len(found) + 1:04}":
            raise BadMigration(
                f"the chassis' revision {listed.name} is not the next NNNN_{{pre|post}}_what.py"
            )
        module = import_module(f"{revisions.__name__}.{listed.name}")
        found.append(Revision(listed.name, module))
    return found


def bring_up(
    connection: sa.Connection, schema: str, role: str, *, to: str = "head", pre_only: bool = False
) -> None:
    """Runs what is pending up to ``to``, each revision in a transaction of its own and then its indexes.

    A schema that is new gets them all; one that was made before the version counts as the baseline, and is
    caught up where its service's revisions had not got there. Raises BadMigration as before_roll_out.
    """
    version = _version(connection, schema) or _adopt(connection, schema, role)
    pending = [one.name for one in all_revisions() if one.number > version]
    if version and pre_only:
        pending = before_roll_out(f"the chassis' part of {schema}", pending)
    for revision in all_revisions():
        if revision.number == version and not _indexed(connection, schema):
            _index(connection, schema, revision)
        if revision.name not in pending or (to != "head" and revision.number > to):
            continue
        _run(connection, revision.module.upgrade(schema, role))
        _write(connection, schema, revision.number, indexed=not revision.module.INDEXES)
        connection.commit()
        _index(connection, schema, revision)
    connection.commit()


def before_roll_out(what: str, pending: list[str]) -> list[str]:
    """The names of revisions before the first post. Raises BadMigration where a pre comes behind that."""
    cut = next((index for index, name in enumerate(pending) if "_post_" in name[:10]), len(pending))
    if late := [name for name in pending[cut:] if "_pre_" in name[:9]]:
        raise BadMigration(
            f"{what}: {late[0]} must run before the new code, and waits for {pending[cut]}: install the"
            " release that brought that one first, or stop the old code and migrate without --phase pre"
        )
    return pending[:cut]


def create(connection: sa.Connection, schema: str, role: str) -> None:
    """The newest in one go, for a schema without any, in the transaction of the caller."""
    for revision in all_revisions():
        _run(connection, revision.module.upgrade(schema, role))
        for name, on in revision.module.INDEXES.items():
            _run(connection, [f"CREATE INDEX IF NOT EXISTS {name} ON {schema}.{on}"])
        _write(connection, schema, revision.number, indexed=True)


def take_down(connection: sa.Connection, schema: str, role: str, *, to: str = "base") -> None:
    """Takes back what came after ``to``, the last first, in the transaction of the caller; ``base``: all."""
    version = _version(connection, schema)
    if version is None and _exists(connection, f"{schema}.outbox"):
        version = BASELINE
    for revision in reversed(all_revisions()):
        if version is None or revision.number > version or (to != "base" and revision.number <= to):
            continue
        _run(connection, revision.module.downgrade(schema, role))
        _write(connection, schema, f"{int(revision.number) - 1:04}", indexed=True)
    if to == "base":
        _run(connection, [f"DROP TABLE IF EXISTS {schema}.{VERSION_TABLE}"])


def is_versioned(connection: sa.Connection, schema: str) -> bool:
    """Whether the chassis' part of the schema says which version it has."""
    return _version(connection, schema) is not None


def build_index(connection: sa.Connection, schema: str, name: str, on: str, *, unique: bool = False) -> None:
    """An index without a lock that would stop writers, outside of any transaction. What an earlier try left
    unfinished is built anew; nothing where the index is there.
    """
    valid = connection.scalar(_VALID, {"name": name, "schema": schema})
    if valid:
        return
    if valid is False:
        connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {schema}.{name}")
    kind = "UNIQUE INDEX" if unique else "INDEX"
    connection.exec_driver_sql(f"CREATE {kind} CONCURRENTLY {name} ON {schema}.{on}")


def _adopt(connection: sa.Connection, schema: str, role: str) -> str:
    """The version of a schema that has none written down."""
    if not _exists(connection, f"{schema}.outbox"):
        return ""
    baseline = all_revisions()[0].module
    if _service_version(connection, schema) < baseline.HEADS.get(schema, BASELINE):
        _run(connection, baseline.catch_up(schema, role))
    _write(connection, schema, BASELINE, indexed=False)
    connection.commit()
    return BASELINE


def _service_version(connection: sa.Connection, schema: str) -> str:
    if not _exists(connection, f"{schema}.alembic_version"):
        return ""
    newest = f"SELECT max(version_num) FROM {schema}.alembic_version"  # noqa: S608
    return connection.exec_driver_sql(newest).scalar() or ""


def _exists(connection: sa.Connection, table: str) -> bool:
    return bool(connection.scalar(sa.text("SELECT to_regclass(:table) IS NOT NULL"), {"table": table}))


def _version(connection: sa.Connection, schema: str) -> str | None:
    table = f"{schema}.{VERSION_TABLE}"
    if not _exists(connection, table):
        return None
    found: str | None = connection.exec_driver_sql(f"SELECT version FROM {table}").scalar()  # noqa: S608
    return found


def _indexed(connection: sa.Connection, schema: str) -> bool:
    indexed = f"SELECT indexed FROM {schema}.{VERSION_TABLE}"  # noqa: S608
    return bool(connection.exec_driver_sql(indexed).scalar())


def _write(connection: sa.Connection, schema: str, version: str, *, indexed: bool) -> None:
    statements = [
        f"CREATE TABLE IF NOT EXISTS {schema}.{VERSION_TABLE} (version text NOT NULL,"
        f" indexed boolean NOT NULL, CONSTRAINT {VERSION_TABLE}_pkey PRIMARY KEY (version))",
        f"DELETE FROM {schema}.{VERSION_TABLE}",  # noqa: S608
        f"INSERT INTO {schema}.{VERSION_TABLE} VALUES ('{version}', {indexed})",  # noqa: S608
    ]
    _run(connection, statements)


def _index(connection: sa.Connection, schema: str, revision: Revision) -> None:
    """Builds the revision's indexes and writes down that they are there; also what was cut short before."""
    if not revision.module.INDEXES:
        return
    level = connection.get_isolation_level()
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        for name, on in revision.module.INDEXES.items():
            build_index(connection, schema, name, on)
    finally:
        connection.rollback()
        connection.execution_options(isolation_level=level)
    _write(connection, schema, revision.number, indexed=True)
    connection.commit()


def _run(connection: sa.Connection, statements: list[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
