"""What every service's schema holds for the chassis: the SQL that the first revision of its migrations runs.

``{s}`` stands for the schema. The functions that write run as their owner, so that the role of the service
can neither insert, change nor delete a row of the outbox. A statement of the role sees the rows of its
transaction's restaurant only; what has to see all of them (relay, consumer, operator) does so by a function
that does one thing.
"""

from chassis.db.ddl import audit, housekeeping, idempotency, inbox, outbox
from chassis.db.ddl.housekeeping import ROLLED, SWEPT
from chassis.db.ddl.outbox import PARTITIONED

__all__ = [
    "DUE_INDEX",
    "DUE_INDEX_ON",
    "NEWEST_INDEX",
    "NEWEST_INDEX_ON",
    "PARTITIONED",
    "ROLLED",
    "SWEPT",
    "audit_records",
    "create_statements",
    "drop_statements",
    "fewer_round_trips",
    "own_rows",
    "own_rows_and_retries",
    "split",
    "split_functions",
]

TENANT = """
CREATE FUNCTION {s}.tenant_or_platform() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(pg_catalog.current_setting('app.restaurant_id', true), ''),
                      '00000000-0000-0000-0000-000000000000')::uuid $$
"""

DUE_INDEX = inbox.DUE_INDEX
DUE_INDEX_ON = inbox.DUE_INDEX_ON
NEWEST_INDEX = inbox.NEWEST_INDEX
NEWEST_INDEX_ON = inbox.NEWEST_INDEX_ON
TABLE_NAMES = (*outbox.TABLE_NAMES, *inbox.TABLE_NAMES, *idempotency.TABLE_NAMES, *audit.TABLE_NAMES)
FUNCTIONS = {
    **outbox.FUNCTIONS,
    **inbox.FUNCTIONS,
    **idempotency.FUNCTIONS,
    **housekeeping.FUNCTIONS,
    **audit.FUNCTIONS,
    "tenant_or_platform": "",
}
OWNER_ONLY = {*outbox.OWNER_ONLY, *housekeeping.OWNER_ONLY, *audit.OWNER_ONLY}
FORMER_FUNCTIONS = {
    "chassis_sweep": "text, timestamptz, integer",
    "inbox_list": "integer",
    "inbox_retry": "uuid[]",
    "inbox_discard": "uuid[]",
}
"""What schemas have that were made by earlier versions; the processes of those still call it."""


def create_statements(schema: str, role: str) -> list[str]:
    """Everything, one statement per item (the driver prepares each), in an order that works."""
    scripts = [TENANT, *split(outbox.TABLES), *split(inbox.TABLES), *split(idempotency.TABLES)]
    scripts += [outbox.COMMIT, idempotency.CLAIM, idempotency.CLAIM_NEW, *split_functions(outbox.RELAY)]
    scripts += [outbox.RELAY_NEXT, outbox.EPOCH]
    statements = [script.format(s=schema, role=role).strip() for script in scripts]
    statements.append(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    for table in (*outbox.READ_ONLY_TABLES, "idempotency"):
        statements.append(f"GRANT SELECT ON {schema}.{table} TO {role}")
    statements.append(f"GRANT SELECT, INSERT, UPDATE ON {schema}.inbox TO {role}")
    statements.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.inbox_parked TO {role}")
    statements += own_rows_and_retries(schema, role)
    statements += audit_records(schema, role)
    statements.append(f"CREATE INDEX {DUE_INDEX} ON {schema}.{DUE_INDEX_ON}")
    statements.append(f"CREATE INDEX {NEWEST_INDEX} ON {schema}.{NEWEST_INDEX_ON}")
    for name in FUNCTIONS:
        statements += _grants(name, schema, role)
    for parent in PARTITIONED:
        statements.append(f"SELECT {schema}.outbox_roll('{parent}', now(), '72 hours', 0, 3)")
    return statements


def fewer_round_trips(schema: str, role: str) -> list[str]:
    """The functions that schemas lack which an earlier create_statements made."""
    added = {"idempotency_claim_new": idempotency.CLAIM_NEW, "outbox_next": outbox.RELAY_NEXT}
    statements = [script.format(s=schema).strip() for script in added.values()]
    return statements + [statement for name in added for statement in _grants(name, schema, role)]


def own_rows_and_retries(schema: str, role: str) -> list[str]:
    """Row-level security of outbox and inbox, and retries that Postgres counts, also where the tables are
    older. May run twice. The index DUE_INDEX comes apart from it: on tables in use it is built concurrently.
    """
    scripts = [*split(inbox.COLUMNS), *split_functions(outbox.WATCH), *split_functions(inbox.DUE)]
    scripts += [*split_functions(inbox.OPERATE), *split_functions(housekeeping.HOUSEKEEPING)]
    scripts += [housekeeping.SWEEP]
    statements = [script.format(s=schema).strip() for script in scripts]
    added = ["outbox_backlog", "outbox_page", *inbox.FUNCTIONS, *housekeeping.FUNCTIONS]
    statements += [statement for name in added for statement in _grants(name, schema, role)]
    for table in (*outbox.TENANT_TABLES, *inbox.TENANT_TABLES):
        statements += own_rows(schema, table)
    for parent in PARTITIONED:
        statements.append(PARTITIONS_CLOSED.format(s=schema, parent=parent))
    return statements


def audit_records(schema: str, role: str) -> list[str]:
    """What was done that matters for security or money, as a record. May run twice."""
    scripts = [*split(audit.TABLES), *split_functions(audit.FUNCTION_TEXTS), audit.TRIGGERS]
    statements = [script.format(s=schema).strip() for script in scripts]
    statements += [statement for name in audit.FUNCTIONS for statement in _grants(name, schema, role)]
    for table in audit.TABLE_NAMES:
        statements += own_rows(schema, table, f"restaurant_id = {schema}.tenant_or_platform()")
        statements.append(f"GRANT SELECT ON {schema}.{table} TO {role}")
    return statements


PARTITIONS_CLOSED = """
DO $$ DECLARE v_name regclass; BEGIN
    FOR v_name IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '{s}.{parent}'::regclass LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', v_name);
    END LOOP;
END $$
"""


_TENANT = "(SELECT nullif(current_setting('app.restaurant_id', true), '')::uuid)"


def own_rows(
    schema: str, table: str, own: str = f"restaurant_id IS NOT DISTINCT FROM {_TENANT}"
) -> list[str]:
    """A transaction reads and writes rows of its own restaurant; without one, those of none. The owner, as
    which the functions run, has no such bound.
    """
    on = f"ON {schema}.{table}"
    return [
        f"ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS tenant {on}",
        f"CREATE POLICY tenant {on} USING ({own}) WITH CHECK ({own})",
        f"DROP POLICY IF EXISTS owner {on}",
        f"CREATE POLICY owner {on} TO CURRENT_USER USING (true) WITH CHECK (true)",
    ]


def _grants(name: str, schema: str, role: str) -> list[str]:
    function = f"{schema}.{name}({FUNCTIONS[name]})"
    grants = [f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"]
    return grants if name in OWNER_ONLY else [*grants, f"GRANT EXECUTE ON FUNCTION {function} TO {role}"]


def drop_statements(schema: str) -> list[str]:
    """The reverse of create_statements, whichever functions there were."""
    statements = [f"DROP TABLE IF EXISTS {schema}.{table} CASCADE" for table in TABLE_NAMES]
    functions = {**FUNCTIONS, **FORMER_FUNCTIONS}
    statements += [
        f"DROP FUNCTION IF EXISTS {schema}.{name}({arguments})" for name, arguments in functions.items()
    ]
    return [*statements, f"DROP SEQUENCE {schema}.outbox_id_seq"]


def split(script: str) -> list[str]:
    return [statement for statement in script.split(";\n") if statement.strip()]


def split_functions(script: str) -> list[str]:
    return [f"{part.rstrip().removesuffix('$$')}$$" for part in script.split("$$;\n")]
