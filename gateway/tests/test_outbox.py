"""Mail that stays on this machine is shown where that is set, to browsers of this machine alone."""

import httpx
import pytest
from fynlo.auth.v1 import people_service_pb2 as people_api
from fynlo.auth.v1.people_service_pb2_grpc import PeopleServiceServicer, add_PeopleServiceServicer_to_server
from pydantic import ValidationError

from chassis.auth import Revocations, TokenVerifier
from chassis.clock import SystemClock
from chassis.rpc import Refusals
from gateway.admission import Admission
from gateway.app import served_app
from gateway.calls import Gateway, Limits
from gateway.edge import Edge
from gateway.limits import RateLimiter
from gateway.services import Services
from gateway.settings import GatewaySettings
from harness.rpc import keys_for_tests, serving

NOBODY = "127.0.0.1:1"
PATHS = ("/outbox", "/outbox/mails")
LINK = "http://127.0.0.1:8080/reset#a-secret"


def settings(auth: str = NOBODY, **given: object) -> GatewaySettings:
    """A gateway's settings."""
    others = ("catalog", "orders", "payments", "staff", "realtime", "realtime_socket")
    return GatewaySettings.model_validate(
        {
            **keys_for_tests("gateway"),
            "admin_port": 0,
            "nats_url": "nats://nowhere",
            "auth_address": auth,
            **{f"{name}_address": NOBODY for name in others},
            **given,
        }
    )


def gateway(of: GatewaySettings) -> Gateway:
    """One that has not been started."""
    clock = SystemClock()

    async def no_keys() -> dict[str, object]:
        return {"keys": []}

    verifier = TokenVerifier(no_keys, clock)
    return Gateway(
        of, Services(of), verifier, Revocations(clock), RateLimiter(None), Limits.of(of), Refusals(clock)
    )


async def status_of(of: Gateway, path: str, *, host: str = "127.0.0.1", client: str = "127.0.0.1") -> int:
    """What a browser at ``client`` gets that asks ``host``."""
    admission = Admission(address=of.limits.address, requests=10)
    edge = Edge(served_app(of), admission, tls_terminated=False)
    transport = httpx.ASGITransport(edge, client=(client, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8080") as http:
        return (await http.get(path)).status_code


class Post(PeopleServiceServicer):
    """auth with one mail."""

    async def ListOutbox(
        self, request: people_api.ListOutboxRequest, context: object
    ) -> people_api.ListOutboxResponse:
        return people_api.ListOutboxResponse(mails=[people_api.OutboxMail(id="1", link=LINK)])


async def test_a_browser_of_this_machine_sees_the_mail(nats_url: str) -> None:
    clock = SystemClock()
    post = Post()  # type: ignore[abstract]  # what the page asks for
    async with serving(
        add_PeopleServiceServicer_to_server, post, clock=clock, service_name="auth", nats_url=nats_url
    ) as peer:
        local = gateway(settings(f"127.0.0.1:{peer.server.port}", mail_adapter="local"))
        for path in PATHS:
            assert await status_of(local, path) == 200
            assert await status_of(local, path, host="localhost") == 200
            # A name of somebody else that was made to point here, and another machine.
            assert await status_of(local, path, host="rebound.example.test") == 404
            assert await status_of(local, path, client="192.0.2.7") == 404
        await local.services.close()


@pytest.mark.parametrize("adapter", ["smtp", "resend", ""])
@pytest.mark.parametrize("path", PATHS)
async def test_where_mail_leaves_there_is_no_outbox(adapter: str, path: str) -> None:
    other = gateway(settings(mail_adapter=adapter))
    assert await status_of(other, path) == 404
    assert not [route for route in served_app(other).routes if "outbox" in getattr(route, "path", "")]
    await other.services.close()


def test_an_outbox_is_never_open_to_a_network() -> None:
    with pytest.raises(ValidationError, match="loopback"):
        settings(mail_adapter="local", bind_host="0.0.0.0")
    assert settings(mail_adapter="smtp", bind_host="0.0.0.0").bind_host == "0.0.0.0"
