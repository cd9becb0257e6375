"""One of two dies, and nobody notices more than a request that has to be sent again."""

import asyncio
from pathlib import Path
from typing import Any

from deploy.local.plan import replica_name
from deploy.local.provision import SERVICES
from tests.e2e.shop import order_body
from tests.replicas.house import House, eventually
from tools.api import Device
from tools.chaos.observe import Observations, Observer
from tools.chaos.run import Run, Scenario

ATTEMPTS_MAX = 5
"""Of one command while replicas are killed one after another: the first try and what a cut call costs."""
ORDERS = 6
ANNOUNCED = """
SELECT subject_id, count(*) AS count FROM orders.outbox
WHERE type = 'fynlo.orders.v1.OrderPlaced' AND subject_id = ANY ($1) GROUP BY 1 ORDER BY 1
"""


async def test_one_replica_of_each_service_killed_in_turn_loses_nothing_and_the_other_serves(
    house: House, tmp_path: Path
) -> None:
    """Tills sell, displays cook, and afterwards everything is compared with the devices' own notes."""
    targets = tuple(replica_name(service, 1 + index % 2) for index, service in enumerate(SERVICES))
    scenario = Scenario(
        7,
        seconds=8.0,
        orders=60,
        devices=4,
        displays=2,
        targets=targets,
        interval_seconds=(1.0, 1.2),
        cut_seconds=0.0,
        stranger=False,
    )
    result = await Run(house.system.base_url, house.system.state, scenario, tmp_path).run()
    struck = [strike.target for strike in result.strikes]
    assert set(struck) == set(targets), struck
    assert all(strike.away_seconds is not None for strike in result.strikes)
    told = [f"{one.invariant} {one.what} {' '.join(one.ids)}" for one in result.violations]
    assert told == []
    assert sum(op.accepted for op in result.operations if op.kind == "place") >= scenario.orders
    assert [op.kind for op in result.operations if op.unknown >= ATTEMPTS_MAX] == []


async def test_when_the_relay_that_leads_dies_the_other_leads_and_every_event_is_published_once(
    house: House,
) -> None:
    till = await house.people().till()
    led = await house.leader("orders")
    selling = asyncio.create_task(sell(till, ORDERS * 2))
    ids = await sell(till, ORDERS)
    assert house.faults.kill(led)
    ids += await selling
    leads = await house.leader("orders")
    assert leads != led
    ids += await sell(till, ORDERS)
    observer = Observer(urls_of(house))

    async def published() -> bool:
        return not [wait for wait in await observer.pending() if "to publish" in wait]

    await eventually(published)
    found = Observations()
    await observer.database(found, [])
    of_orders = [row for row in found.outbox if row.schema == "orders"]
    await observer.stream(found)
    in_stream = [id_ for subject, id_ in found.stream.values() if subject.startswith("fynlo.orders.")]
    assert len(in_stream) == len(set(in_stream)), "an event was published twice"
    # The figures of a restaurant are told by a clock: the stream, which is read later, may hold more.
    assert {row.msg_id for row in of_orders} <= set(in_stream)
    async with house.stored() as stored:
        told = await stored.fetch(ANNOUNCED, ids)
    assert [(row["subject_id"], row["count"]) for row in told] == [(id_, 1) for id_ in sorted(ids)]
    assert found.parked == []


async def sell(till: Device, count: int) -> list[str]:
    """Orders, one after another."""
    return [(await till.post("/api/v2/orders", await order_body(till)))["id"] for _ in range(count)]


def urls_of(house: House) -> dict[str, Any]:
    """Where the servers are."""
    urls = house.system.state()["urls"]
    assert isinstance(urls, dict)
    return urls
