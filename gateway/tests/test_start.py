"""The gateway starts when auth lets it, however auth says that it cannot yet."""

from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server

from chassis.clock import SystemClock
from gateway.main import build
from gateway.settings import GatewaySettings
from harness.rpc import StandInAuth, TokenMint, keys_for_tests, serving

NOBODY = "127.0.0.1:1"
REFUSALS = 4
"""More than one call retries by itself."""


async def test_a_gateway_waits_for_what_was_revoked_while_the_database_of_auth_is_away(nats_url: str) -> None:
    clock = SystemClock()
    auth = StandInAuth(TokenMint(clock))  # type: ignore[abstract]  # what a start asks for
    auth.refusals_left = REFUSALS
    async with serving(
        add_AuthServiceServicer_to_server, auth, clock=clock, service_name="auth", nats_url=nats_url
    ) as peer:
        settings = GatewaySettings(
            **keys_for_tests("gateway"),
            admin_port=0,
            gateway_port=0,
            nats_url=nats_url,
            auth_address=f"127.0.0.1:{peer.server.port}",
            catalog_address=NOBODY,
            orders_address=NOBODY,
            payments_address=NOBODY,
            staff_address=NOBODY,
            realtime_address=NOBODY,
            realtime_socket_address=NOBODY,
        )
        service = await build(settings)
        await service.stop()
    assert auth.refusals_left < 0
