"""Two hundred guests who want the last fifty units at once, and how many units of one item a second can be
sold: all of them wait for one row, and for the disk behind it. The catalog's own code on a Postgres that
keeps what it says, without the calls around it.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from uuid import UUID

from bench.bars import Account
from chassis.clock import SystemClock
from chassis.db import Database
from chassis.db.commands import Command
from chassis.db.idempotency import IdempotencyKey
from chassis.db.migrations import run_migrations
from chassis.errors import Unavailable
from chassis.ids import new_id
from deploy.local.provision import OWNER_ROLE, ROLES, provision
from deploy.local.servers import embedded_servers
from services.catalog.domain.category import Category
from services.catalog.domain.errors import InsufficientStock
from services.catalog.domain.item import Item
from services.catalog.domain.stock import StockLine
from services.catalog.rpc.category import CREATED as CATEGORY_CREATED
from services.catalog.rpc.item import CREATED
from services.catalog.rpc.stock import COUNTED
from services.catalog.usecases.category import create_category
from services.catalog.usecases.item import create_item
from services.catalog.usecases.reservation import reserve_stock
from services.catalog.usecases.stock.counting import count_stock
from services.catalog.usecases.stock.ledger import check_ledger

BUYERS, UNITS = 200, 50
ROUNDS = 5
SECONDS = 5.0
SELLERS = 8
"""Of one item at once: as many as the pool has connections for, and some."""
PLENTY = 1_000_000
DATABASE = "fynlo"
PASSWORD_BYTES = 16


def last_units() -> Account:
    """Units sold of the last fifty (the worst of ROUNDS), and units of one item a second."""
    return asyncio.run(_measured())


async def _measured() -> Account:
    async with a_catalog() as db:
        tenant, category_id = new_id(), new_id()
        await create_category(db, a_command(tenant), Category(category_id, "Cakes"), CATEGORY_CREATED)
        rounds = [
            await rush(db, tenant, await an_item(db, tenant, category_id, UNITS)) for _ in range(ROUNDS)
        ]
        plenty = await an_item(db, tenant, category_id, PLENTY)
        sold = await sell_for(db, tenant, plenty, SECONDS)
        differing = len(await check_ledger(db, tenant))
    account: Account = {
        "sold": {"least": min(sold for sold, _ in rounds), "most": max(sold for sold, _ in rounds)},
        "buyers_a_second": round(BUYERS / median(seconds for _, seconds in rounds)),
        "decrements_a_second": round(sold / SECONDS),
        "levels_that_differ": differing,
    }
    account["beside"] = f"{account['buyers_a_second']} buyers answered a second"
    return account


@asynccontextmanager
async def a_catalog() -> AsyncIterator[Database]:
    """The catalog's schema on a server of its own, which is gone afterwards."""
    async with embedded_servers() as servers:
        passwords = {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in ROLES}
        await provision(servers.postgres.url, DATABASE, passwords)
        await run_migrations(
            "catalog", servers.postgres.database_url(OWNER_ROLE, passwords[OWNER_ROLE], DATABASE)
        )
        role = "fynlo_catalog"
        url = servers.postgres.database_url(role, passwords[role], DATABASE)
        db = await Database.connect(url, schema="catalog", clock=SystemClock())
        try:
            yield db
        finally:
            await db.close()


async def an_item(db: Database, tenant: UUID, category_id: UUID, on_hand: int) -> UUID:
    """So many of a new item."""
    item = Item(new_id(), category_id, f"Cake {new_id()}", 450, "always_standard")
    await create_item(db, a_command(tenant), item, CREATED)
    await count_stock(db, a_command(tenant), item.id, on_hand, 0, COUNTED)
    return item.id


async def rush(db: Database, tenant: UUID, item_id: UUID) -> tuple[int, float]:
    """How many of BUYERS got one, and the seconds until all of them knew."""
    began = time.monotonic()
    bought = await asyncio.gather(*(_buys(db, tenant, item_id) for _ in range(BUYERS)))
    return sum(bought), time.monotonic() - began


async def sell_for(db: Database, tenant: UUID, item_id: UUID, seconds: float) -> int:
    """How many units SELLERS sell meanwhile, one after another each."""
    end = time.monotonic() + seconds

    async def sell() -> int:
        sold = 0
        while time.monotonic() < end:
            sold += await _buys(db, tenant, item_id)
        return sold

    return sum(await asyncio.gather(*(sell() for _ in range(SELLERS))))


async def _buys(db: Database, tenant: UUID, item_id: UUID) -> bool:
    order_id, lines = new_id(), [StockLine(new_id(), item_id, 1)]
    while True:
        try:
            await reserve_stock(db, tenant, order_id, lines, "bench")
        except InsufficientStock:
            return False
        except Unavailable:
            continue  # All connections were in use for too long: asked again, as a till does.
        return True


def a_command(tenant: UUID) -> Command:
    """With a key of its own."""
    key = str(new_id())
    return Command(tenant, IdempotencyKey("bench", key, hashlib.sha256(key.encode()).digest()))
