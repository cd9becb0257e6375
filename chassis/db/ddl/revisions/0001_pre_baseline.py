"""The chassis' tables as they were when they got a version of their own.

Until then each service had a revision for each change of them. Those revisions stay, and do nothing any more:
a schema that has not run all of them is caught up here.
"""

from chassis.db import ddl

HEADS = {"auth": "0008", "catalog": "0005", "orders": "0012", "payments": "0008", "staff": "0005"}
"""The revisions of the services from which on their schemas have all of it."""
INDEXES = {ddl.DUE_INDEX: ddl.DUE_INDEX_ON, ddl.NEWEST_INDEX: ddl.NEWEST_INDEX_ON}


def upgrade(schema: str, role: str) -> list[str]:
    return ddl.create_statements(schema, role)


def catch_up(schema: str, role: str) -> list[str]:
    """For schemas that have the tables, in whichever of their earlier shapes. May run twice."""
    return [
        *ddl.fewer_round_trips(schema, role),
        *ddl.own_rows_and_retries(schema, role),
        *ddl.audit_records(schema, role),
    ]


def downgrade(schema: str, _role: str) -> list[str]:
    return ddl.drop_statements(schema)
