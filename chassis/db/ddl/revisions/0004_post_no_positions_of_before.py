"""What processes of before still asked for goes: an index that nothing is found by any more, since no event
waits in the outbox itself, and the view of positions that their replays read.

Dropping the index takes a lock that writers wait for, so nothing else is done under it.
"""

from importlib import import_module

from chassis.db import ddl

INDEXES: dict[str, str] = {}


def upgrade(schema: str, _role: str) -> list[str]:
    return [f"DROP VIEW {schema}.outbox_position", f"DROP INDEX {schema}.outbox_unpublished"]


def downgrade(schema: str, role: str) -> list[str]:
    former = import_module("chassis.db.ddl.revisions.0003_pre_one_head_a_restaurant")
    return [
        ddl.split(former.VIEWS)[1].format(s=schema, run=former.RUN).strip(),
        f"GRANT SELECT ON {schema}.outbox_position TO {role}",
        f"CREATE INDEX outbox_unpublished ON {schema}.outbox (id) WHERE published_at IS NULL",
    ]
