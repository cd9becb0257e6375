"""The protocol machine of the pages, alone: what it does for each close code, hole, ping and token."""

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

# `world` drives one machine with a clock of its own; every step answers what the machine asked for.
WORLD = """async () => {
    const { Machine } = await import("/web/app/realtime.js");
    const CH = "restaurant:r:kitchen";
    const rules = {
        empty: [],
        snapshot: (state) => state,
        apply: (state, event) => [...state, event.d],
    };
    globalThis.world = {
        CH,
        make({ kept = { e: "a", s: 5, state: [5] }, random = 1 } = {}) {
            const channels = [{ name: "kitchen", ch: CH, rules, acks: true, kept }];
            this.machine = new Machine({ device: { id: "d", kind: "kds" }, channels, random: () => random });
            this.channel = this.machine.channels.get(CH);
            this.now = 1_000_000;
            this.machine.start(this.now);
            return this.did();
        },
        did() {
            return this.machine.take().map(({ channel, text, ...rest }) => (text ? JSON.parse(text) : rest));
        },
        wait(milliseconds) {
            for (let end = this.now + milliseconds; this.now < end; ) {
                this.now += 100;
                this.machine.tick(this.now);
            }
            return this.did();
        },
        frame(frame) {
            this.machine.frame(JSON.stringify(frame), this.now);
            return this.did();
        },
        ev(s, e = "a") {
            return this.frame({ t: "ev", ch: CH, e, s, k: "x", at: 0, d: s });
        },
        live(st = "live", s = 5) {
            this.machine.opened("token", this.now);
            this.did();
            const subs = [{ ch: CH, e: "a", s, st }];
            return this.frame({ t: "welcome", id: 1, now: this.now, hb: 10, hbt: 10, subs });
        },
        stands() {
            const { e, s, state, status } = this.channel;
            return { e, s, state, status, phase: this.machine.phase };
        },
        async close(code, bye) {
            if (bye) this.frame({ t: "bye", code, ...bye });
            this.machine.closed(code, this.now);
            const { phase, at, staleToken } = this.machine;
            return { phase, pause: phase === "waiting" ? at - this.now : null, staleToken, did: this.did() };
        },
    };
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(desk: Desk) -> Page:
    """A page that has the machine."""
    page = await desk.page()
    await page.goto("/login")
    await page.evaluate(WORLD)
    return page


async def run(page: Page, script: str) -> Any:
    """The value of the last expression; `world` has been made anew."""
    return await page.evaluate(f"async () => {{ world.make(); world.live(); {script} }}")


async def test_a_hello_goes_on_from_the_stored_position(page: Page) -> None:
    hello = await page.evaluate(
        "() => { world.make(); world.machine.opened('token', world.now); return world.did()[0]; }"
    )
    assert (hello["t"], hello["v"], hello["token"]) == ("hello", 1, "token")
    assert hello["subs"] == [{"ch": "restaurant:r:kitchen", "e": "a", "s": 5}]
    without = await page.evaluate(
        """() => {
            world.make({ kept: null });
            world.machine.opened("token", world.now);
            return world.did()[0].subs;
        }"""
    )
    assert without == [{"ch": "restaurant:r:kitchen"}]


# Close code, the bye frame before it, and the pause when chance always picks the longest.
COMES_BACK: tuple[tuple[int, dict[str, int] | None, int], ...] = (
    (4000, {"retry_ms": 7340}, 7340),
    (4001, None, 2000),
    (4002, None, 2000),
    (4003, None, 2000),
    (4008, None, 7000),
    (4009, {"retry_ms": 5000}, 5000),
    (4011, None, 2000),
    (4401, None, 2000),
    (1006, None, 2000),
    (1001, None, 2000),
    (3999, None, 2000),
)
STOPS = (4500, 4501, 4502, 4503, 4504, 4509, 1003, 1007, 1009)


async def test_below_4500_it_comes_back_after_its_pause(page: Page) -> None:
    for code, bye, pause in COMES_BACK:
        closed = await run(page, f"return world.close({code}, {bye or 'null'});")
        assert (code, closed["phase"], closed["pause"]) == (code, "waiting", pause)
        assert closed["staleToken"] is (code == 4401)


async def test_from_4500_on_it_stops_for_good(page: Page) -> None:
    for code in STOPS:
        closed = await run(page, f"return world.close({code});")
        assert (code, closed["phase"]) == (code, "stopped")
        assert {"do": "stop", "code": code} in closed["did"]
        assert await page.evaluate("world.wait(120_000)") == []


async def test_pauses_grow_to_thirty_seconds_and_shrink_after_a_stable_connection(page: Page) -> None:
    pauses = await run(
        page,
        """const pauses = [];
        for (let n = 0; n < 9; n += 1) {
            pauses.push((await world.close(1006)).pause);
            world.wait(pauses[n]);
        }
        world.live();
        for (let n = 0; n < 4; n += 1) { world.wait(10_000); world.frame({ t: "ping", n, top: {} }); }
        return [...pauses, (await world.close(1006)).pause];""",
    )
    assert pauses == [2000, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 2000]


async def test_the_next_is_applied_the_known_dropped_and_a_hole_asked_for(page: Page) -> None:
    did, stands, after = await run(
        page,
        """world.ev(6); world.ev(6); world.ev(4);
        const did = world.ev(8);
        const stands = world.stands();
        world.ev(9);
        world.frame({ t: "sub_ok", id: did[0].id, ch: world.CH, e: "a", s: 9, st: "resumed" });
        world.ev(7); world.ev(8); world.ev(9);
        world.frame({ t: "synced", ch: world.CH, s: 9 });
        return [did, stands, world.stands()];""",
    )
    assert (did[0]["t"], did[0]["s"], stands["state"]) == ("sub", 6, [5, 6])
    assert (after["state"], after["s"], after["status"]) == ([5, 6, 7, 8, 9], 9, "live")


async def test_a_lost_last_event_is_noticed_by_the_heartbeat(page: Page) -> None:
    before, after = await run(
        page,
        """world.frame({ t: "ping", n: 1, top: { [world.CH]: 6 } });
        return [world.wait(1_800), world.wait(400)];""",
    )
    assert [frame for frame in before if frame.get("t") == "sub"] == []
    assert [frame["s"] for frame in after if frame.get("t") == "sub"] == [5]


async def test_another_epoch_and_a_resync_take_a_snapshot_and_go_on_from_it(page: Page) -> None:
    for cause in ('world.ev(6, "b")', 'world.frame({ t: "unsub", ch: world.CH, code: "resync" })'):
        did, sub, stands = await run(
            page,
            f"""const did = {cause};
            world.machine.snapshot(world.CH, {{ e: "b", s: 20, state: [20] }}, undefined, world.now);
            return [did, world.did(), world.stands()];""",
        )
        assert {"do": "fetch", "ch": "restaurant:r:kitchen"} in did
        assert [(frame["e"], frame["s"]) for frame in sub if frame.get("t") == "sub"] == [("b", 20)]
        assert (stands["e"], stands["s"], stands["state"]) == ("b", 20, [20])


async def test_a_snapshot_that_fails_is_asked_for_again(page: Page) -> None:
    early, late = await run(
        page,
        """world.frame({ t: "unsub", ch: world.CH, code: "resync" });
        world.machine.snapshot(world.CH, null, 3000, world.now);
        return [world.wait(2_900), world.wait(200)];""",
    )
    asked = [{"do": "fetch", "ch": "restaurant:r:kitchen"}]
    again = [{"t": "sub", "id": 2, "ch": "restaurant:r:kitchen", "e": "a", "s": 5}]
    assert [one for one in early if one in asked or one.get("t") == "sub"] == []
    assert [one for one in late if one in asked or one.get("t") == "sub"] == again


async def test_only_what_is_stored_is_acknowledged(page: Page) -> None:
    pong, later = await run(
        page,
        """world.wait(500); world.ev(6);
        const pong = world.frame({ t: "ping", n: 3, top: {} });
        return [pong, world.wait(300)];""",
    )
    assert pong == [{"t": "pong", "n": 3, "ack": {}}]
    assert later == [{"do": "store"}, {"t": "ack", "ack": {"restaurant:r:kitchen": 6}}]


async def test_a_silent_server_is_left(page: Page) -> None:
    alive, dead, phase = await run(page, "return [world.wait(21_900), world.wait(300), world.machine.phase];")
    assert {"do": "close", "code": 1000} not in alive
    assert {"do": "close", "code": 1000} in dead
    assert phase == "waiting"


async def test_a_token_is_replaced_on_the_living_connection(page: Page) -> None:
    asked, sent, failed, again = await run(
        page,
        """const asked = world.frame({ t: "auth_req", in: 60 });
        world.machine.renewed("fresh", world.now);
        const sent = world.did();
        world.frame({ t: "auth_req", in: 60 });
        world.machine.renewed(null, world.now);
        return [asked, sent, world.wait(4_900), world.wait(200)];""",
    )
    assert asked == [{"do": "token"}]
    assert [(frame["t"], frame["token"]) for frame in sent] == [("auth", "fresh")]
    assert {"do": "token"} not in failed
    assert {"do": "token"} in again


async def test_an_event_that_cannot_be_read_is_not_lost(page: Page, desk: Desk) -> None:
    did, stands = await run(
        page,
        """world.channel.rules = { ...world.channel.rules, apply() { throw new Error("unreadable"); } };
        return [world.ev(6), world.stands()];""",
    )
    assert {"do": "fetch", "ch": "restaurant:r:kitchen"} in did
    assert (stands["s"], stands["state"]) == (5, [5])
    # It is said on the console, and that is as it should be.
    assert [complaint for complaint in desk.complaints if "unreadable" in complaint]
    desk.complaints.clear()
