"""`python -m deploy.local.check_migrations`: every schema goes up, down, up again, and is what is declared.

On an embedded Postgres of its own that is gone afterwards. Exit 1 names what is wrong.
"""

import asyncio
import secrets
import sys

import asyncpg

from chassis.db.migrations import migrated_services, revert_migrations, run_migrations, schema_differences
from deploy.local.embedded import PASSWORD_BYTES
from deploy.local.provision import OWNER_ROLE, ROLES, provision
from deploy.local.servers import embedded_servers

DATABASE = "fynlo"
# Alembic's own table stays: it says that nothing is applied.
LEFT_BEHIND = """
SELECT format('%s %s', 'relation', relname) FROM pg_class
WHERE relnamespace = $1::regnamespace AND relname NOT IN ('alembic_version', 'alembic_version_pkc')
UNION ALL SELECT format('function %s', proname) FROM pg_proc WHERE pronamespace = $1::regnamespace
UNION ALL SELECT format('type %s', typname) FROM pg_type
WHERE typnamespace = $1::regnamespace AND typtype IN ('e', 'd')
"""


async def faults_of(service: str, owner_url: str) -> list[str]:
    """What is wrong with the migrations of `service`. Its schema ends fully migrated."""
    await run_migrations(service, owner_url)
    await revert_migrations(service, owner_url)
    left = [f"{service}: downgrade leaves {thing}" for thing in await left_behind(service, owner_url)]
    await run_migrations(service, owner_url)
    differing = [
        f"{service}: differs: {difference}" for difference in await schema_differences(service, owner_url)
    ]
    return left + differing


async def left_behind(service: str, owner_url: str) -> list[str]:
    """What the schema of `service` still holds."""
    connection = await asyncpg.connect(owner_url)
    try:
        return [row[0] for row in await connection.fetch(LEFT_BEHIND, service)]
    finally:
        await connection.close()


async def check() -> list[str]:
    """What is wrong with the migrations of all services."""
    faults = []
    async with embedded_servers() as servers:
        passwords = {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in ROLES}
        await provision(servers.postgres.url, DATABASE, passwords)
        owner_url = servers.postgres.database_url(OWNER_ROLE, passwords[OWNER_ROLE], DATABASE)
        for service in migrated_services():
            found = await faults_of(service, owner_url)
            faults += found
            print(f"{service}: {'up, down, up, as declared' if not found else 'wrong'}")
    return faults


def main() -> int:
    faults = asyncio.run(check())
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
