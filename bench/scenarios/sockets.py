"""The socket service: how fast it fans out beside its peer, and what a socket costs."""

import asyncio
import base64
import time
from typing import Any
from uuid import uuid4

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from bench import nchan
from bench.bars import Account
from bench.drive import generator
from bench.scenarios.devices import opened
from bench.stage import RESTAURANTS, ROOMS, Place, Stage
from services.realtime.frames import Event, build

SOCKETS_PER_ROOM = 100
EVENTS_PER_SECOND = 500
"""In all; each reaches one room: 50,000 deliveries per second."""
FAN_OUT_SECONDS = 12.0
SETTLE_SECONDS = 4.0
CHANNEL = "orders"

MEMORY_SOCKETS = 10_000
MEMORY_CHANNELS = ("kitchen", "orders", "inventory")
MEMORY_SETTLE_SECONDS = 8.0


def fan_out(stage: Stage) -> Account:
    """The same rooms, rate and frames on our service and on nchan."""
    places = stage.places[1 + RESTAURANTS :]
    account: Account = {
        "rooms": ROOMS,
        "sockets": ROOMS * SOCKETS_PER_ROOM,
        "events_per_second": EVENTS_PER_SECOND,
    }
    account["fynlo"] = ours = _fynlo(stage, places)
    peer_missing = nchan.missing()
    if peer_missing:
        account["nchan"] = {"missing": peer_missing}
        account["beside"] = f"no peer: {peer_missing}; p50 {ours['latency_ms'].get('p50', 0):.1f} ms"
        return account
    account["nchan"] = peer = _nchan(places)
    if ours["latency_ms"]["count"] and peer["latency_ms"]["count"]:
        for percent in ("p50", "p99"):
            account[f"ratio_{percent}"] = round(ours["latency_ms"][percent] / peer["latency_ms"][percent], 2)
    account["beside"] = (
        f"fynlo p50 {ours['latency_ms']['p50']:.1f} p99 {ours['latency_ms']['p99']:.1f} ms at "
        f"{ours['frames_per_second']:,.0f}/s, nchan {peer['latency_ms']['p50']:.1f} / "
        f"{peer['latency_ms']['p99']:.1f} ms at {peer['frames_per_second']:,.0f}/s; generator "
        f"{ours['generator']['busy']:.0%} and {peer['generator']['busy']:.0%} busy"
    )
    return account


def _fynlo(stage: Stage, places: list[Place]) -> Account:
    asyncio.run(stage.find_positions(places, CHANNEL))
    sockets = [
        stage.socket(place, 1_000_000 + number * 1_000 + device, channels=(CHANNEL,), display=False)
        for number, place in enumerate(places)
        for device in range(SOCKETS_PER_ROOM)
    ]
    lanes = [_lane(place) for place in places]
    order = {"kind": "nats", "url": stage.urls["nats_orders"], "lanes": lanes, "rate": EVENTS_PER_SECOND}
    with opened(stage, sockets) as devices, generator("publisher") as relay:
        relay.order(order | {"seconds": FAN_OUT_SECONDS})
        before = stage.cpu_seconds()
        relay.go()
        published = relay.account()
        time.sleep(SETTLE_SECONDS)
        costs = stage.costs_since(before, published["published"] * SOCKETS_PER_ROOM)
        seen = devices.account(stop=True)
    return _account(seen, published) | {"cpu_us_per_delivery": round(costs["realtime"] * 1000, 2)}


def _nchan(places: list[Place]) -> Account:
    with nchan.running() as port:
        sockets = [
            {"path": f"/sub/{number}"} for number in range(ROOMS) for _device in range(SOCKETS_PER_ROOM)
        ]
        frame, _ = build(_event(places[0]), f"restaurant:{places[0].id}:{CHANNEL}", "epoch1", 100_000)
        text = frame[frame.index(b"{") :].decode()
        lanes = [{"path": f"/pub/{number}", "body": text} for number in range(ROOMS)]
        where = {"host": "127.0.0.1", "port": port}
        with generator("sockets") as devices, generator("publisher") as relay:
            devices.order(where | {"path": "/", "sockets": sockets, "connect_per_second": 400})
            devices.go()
            relay.order(
                where
                | {"kind": "nchan", "lanes": lanes, "rate": EVENTS_PER_SECOND, "seconds": FAN_OUT_SECONDS}
            )
            relay.go()
            published = relay.account()
            time.sleep(SETTLE_SECONDS)
            seen = devices.account(stop=True)
    return _account(seen, published) | {"nginx": nchan.version()}


def _account(seen: Account, published: Account) -> Account:
    expected = published["published"] * SOCKETS_PER_ROOM
    seen["lost"] = expected - seen["frames"]
    seen["frames_per_second"] = round(seen["frames"] / FAN_OUT_SECONDS, 1)
    seen["publisher"] = published
    for heavy in ("arrivals", "frames_by_socket"):
        seen.pop(heavy, None)
    return seen


def _event(place: Place) -> Event:
    """A real event, as large as those of four lines are."""
    order = orders_pb2.Order(
        id=str(uuid4()), restaurant_id=place.id, number=7, currency_code="GBP", version=3
    )
    order.created_at.GetCurrentTime()
    order.updated_at.GetCurrentTime()
    for name in ("Casa burger", "Chips", "House salad", "Lemonade"):
        line = order.lines.add(id=str(uuid4()), item_id=str(uuid4()), name=name, quantity=1)
        line.unit_price_minor = line.gross_minor = 750
    payload = orders_events.KitchenOrderReady(order=order).SerializeToString()
    kind = orders_events.KitchenOrderReady.DESCRIPTOR.full_name
    return Event(kind, payload, place.id, str(uuid4()), "{key}", int(time.time() * 1000))


def _lane(place: Place) -> dict[str, Any]:
    event = _event(place)
    epoch, seq = place.positions[CHANNEL]
    headers = {
        "ce-specversion": "1.0",
        "ce-type": event.type,
        "ce-source": "/services/orders",
        "ce-subject": str(uuid4()),
        "ce-time": "2026-01-01T00:00:00+00:00",
    }
    return {
        "subject": f"{event.type}.{place.id}",
        "headers": headers,
        "payload": base64.b64encode(event.payload).decode(),
        "channel": CHANNEL,
        "epoch": epoch,
        "seq": seq,
    }


def socket_memory(stage: Stage) -> Account:
    """Resident memory of the realtime process before and after, by socket."""
    places = stage.places[1:101]
    asyncio.run(stage.find_positions(places, *MEMORY_CHANNELS))
    each = MEMORY_SOCKETS // len(places)
    before = stage.resident_bytes("realtime")
    sockets = [
        stage.socket(place, 2_000_000 + number * 1_000 + device, channels=MEMORY_CHANNELS, display=False)
        for number, place in enumerate(places)
        for device in range(each)
    ]
    with opened(stage, sockets) as devices:
        time.sleep(MEMORY_SETTLE_SECONDS)
        cpu, started = stage.cpu_seconds()["realtime"], time.perf_counter()
        after = stage.resident_bytes("realtime")
        time.sleep(MEMORY_SETTLE_SECONDS)
        idle = (stage.cpu_seconds()["realtime"] - cpu) / (time.perf_counter() - started)
        seen = devices.account(stop=True)
    for heavy in ("arrivals", "frames_by_socket"):
        seen.pop(heavy, None)
    account = {
        "sockets": MEMORY_SOCKETS,
        "channels_each": len(MEMORY_CHANNELS),
        "resident_before_mb": round(before / 2**20, 1),
        "resident_after_mb": round(after / 2**20, 1),
        "kb_per_socket": round((after - before) / MEMORY_SOCKETS / 1024, 2),
        "idle_cores": round(idle, 3),
        "devices": seen,
    }
    account["beside"] = (
        f"{account['resident_before_mb']} MB before, {account['resident_after_mb']} MB with "
        f"{MEMORY_SOCKETS} sockets; "
        f"connected in {seen['connect_seconds']:.0f} s; idle {idle:.2f} of a core; {seen['closed']} closed"
    )
    return account
