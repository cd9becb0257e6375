"""The gateway without NATS, over the server of ``bench.alone.orders``.

Settings: {port, orders, jwks, redis_url}: ports, the keys of tokens, Valkey or null. Runs until it is ended.
"""

from typing import Any

from bench.generator.talk import Talk, run
from chassis.auth import Revocations, TokenVerifier
from chassis.clock import SystemClock
from chassis.rpc import Refusals
from gateway.calls import Gateway, Limits
from gateway.limits import RateLimiter
from gateway.main import HttpServer, config_of
from gateway.services import PEERS, Services
from gateway.settings import GatewaySettings
from harness.rpc import keys_for_tests

UNLIMITED = 1e6
"""Requests a second of one person, restaurant and address."""


async def serve(talk: Talk) -> dict[str, Any]:
    """One gateway."""
    asked = await talk.order()
    settings = settings_of(port=asked["port"], orders=asked["orders"], redis_url=asked["redis_url"])
    clock = SystemClock()
    gateway = Gateway(
        settings,
        Services(settings),
        TokenVerifier(lambda: _keys(asked), clock, known_keys=asked["jwks"]),
        Revocations(clock),
        RateLimiter(settings.redis_url),
        Limits.of(settings),
        Refusals(clock),
    )
    talk.say("ready")
    await HttpServer(config_of(settings, gateway)).serve()
    return {}


def settings_of(*, port: int, orders: int, redis_url: str | None) -> GatewaySettings:
    """A gateway at ``port`` that asks one server for everything."""
    address = f"127.0.0.1:{orders}"
    kinds = ("user", "restaurant", "address")
    return GatewaySettings(
        **{
            **keys_for_tests("gateway"),
            **{f"{peer}_address": address for peer in PEERS},
            **{f"rate_{kind}_per_second": UNLIMITED for kind in kinds},
            **{f"rate_{kind}_burst": int(UNLIMITED) for kind in kinds},
            "admin_port": 0,
            "nats_url": "nats://unused",
            "realtime_socket_address": address,
            "gateway_port": port,
            "redis_url": redis_url,
        }
    )


async def _keys(asked: dict[str, Any]) -> dict[str, Any]:
    return dict(asked["jwks"])


if __name__ == "__main__":
    run(serve)
