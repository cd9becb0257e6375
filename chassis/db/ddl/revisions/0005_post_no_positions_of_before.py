"""What processes of before still asked for goes: an index that nothing is found by any more, since no event
waits in the outbox itself, and the view of positions that their replays read.

Dropping the index takes a lock that writers wait for, so nothing else is done under it.
"""

from chassis.db import ddl
from chassis.db.ddl import outbox
from chassis.db.ddl.revisions.texts import heads_and_runs

INDEXES: dict[str, str] = {}


def upgrade(schema: str, _role: str) -> list[str]:
    return [f"DROP VIEW {schema}.outbox_position", f"DROP INDEX {schema}.outbox_unpublished"]


def downgrade(schema: str, role: str) -> list[str]:
    [unpublished] = [text for text in ddl.split(outbox.TABLES) if "outbox_unpublished" in text]
    return [
        ddl.split(heads_and_runs.VIEWS)[1].format(s=schema, run=heads_and_runs.RUN).strip(),
        f"GRANT SELECT ON {schema}.outbox_position TO {role}",
        unpublished.format(s=schema).strip(),
    ]
