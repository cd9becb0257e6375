"""The gateway starts when auth lets it, however auth says that it cannot yet."""

import json

from fynlo.auth.v1 import auth_service_pb2 as messages
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceServicer, add_AuthServiceServicer_to_server

from chassis.clock import SystemClock
from chassis.errors import Unavailable
from chassis.testing_rpc import TokenMint, keys_for_tests, serving
from gateway.main import build
from gateway.settings import GatewaySettings

NOBODY = "127.0.0.1:1"
REFUSALS = 4
"""More than one call retries by itself."""


class AuthWithoutDatabase(AuthServiceServicer):
    """Knows its keys, and for a while cannot read what was revoked."""

    def __init__(self, mint: TokenMint) -> None:
        self._mint = mint
        self.refusals_left = REFUSALS

    async def GetJwks(self, request: messages.GetJwksRequest, context: object) -> messages.GetJwksResponse:
        return messages.GetJwksResponse(jwks_json=json.dumps(self._mint.jwks()))

    async def ListRevocations(
        self, request: messages.ListRevocationsRequest, context: object
    ) -> messages.ListRevocationsResponse:
        self.refusals_left -= 1
        if self.refusals_left >= 0:
            raise Unavailable("The database does not answer.", reason="DATABASE_UNAVAILABLE")
        return messages.ListRevocationsResponse()


async def test_a_gateway_waits_for_what_was_revoked_while_the_database_of_auth_is_away(nats_url: str) -> None:
    clock = SystemClock()
    auth = AuthWithoutDatabase(TokenMint(clock))  # type: ignore[abstract]  # what a start asks for
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
