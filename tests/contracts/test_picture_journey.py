"""A picture on its way over HTTP: announced, sent, confirmed, shown, taken off; by gateway and catalog."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fynlo.catalog.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from fynlo.catalog.v1.images_service_pb2_grpc import add_ImageServiceServicer_to_server
from httpx import ASGITransport, AsyncClient, Response

from chassis.auth import Revocations, TokenVerifier
from chassis.clock import FakeClock, SystemClock
from chassis.ids import new_id
from chassis.rpc import Refusals
from gateway.admission import Admission
from gateway.app import dispatch_of, served_app
from gateway.calls import Gateway, Limits
from gateway.edge import Edge
from gateway.limits import Limit, RateLimiter
from gateway.services import Services
from gateway.settings import GatewaySettings
from harness.fixtures import OpenDatabase
from harness.rpc import TokenMint, keys_for_tests, serving
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.images.decoding import Decoders
from services.catalog.images.folder import FolderStore
from services.catalog.rpc.image import ImageServiceRpc
from services.catalog.rpc.service import CatalogRpc
from services.catalog.tests.builders import LONDON, a_category, a_restaurant, an_item, saved
from services.catalog.tests.pictures import JPEG, a_picture, with_a_place

NOBODY = "127.0.0.1:1"
PEERS = ("auth", "orders", "payments", "staff", "realtime", "realtime_socket")
SECRET = "what-catalog-and-gateway-have-in-common"
MANAGER, EMPLOYEE = frozenset({"menu.read", "menu.manage"}), frozenset({"menu.read"})


@dataclass(slots=True)
class House:
    """A restaurant with an item, behind a gateway."""

    app: Any
    mint: TokenMint
    tenant: Any
    item: dict[str, Any]

    async def send(
        self, method: str, path: str, body: Any = None, *, seen: int = 0, tenant: Any = None, **more: Any
    ) -> Response:
        """As a manager who saw version ``seen`` of what is changed."""
        permissions = more.pop("permissions", MANAGER)
        principal = self.mint.principal(permissions=permissions, restaurant_id=tenant or self.tenant)
        headers = {"Authorization": f"Bearer {self.mint.token(principal)}"}
        if seen:
            headers["If-Match"] = f'"{seen}"'
        return await self.plain(method, f"/api/v2{path}", json=body, headers=headers)

    async def plain(self, method: str, path: str, **more: Any) -> Response:
        """As anybody."""
        transport = ASGITransport(app=self.app, client=("192.0.2.7", 1))
        async with AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, **more)

    @property
    def address(self) -> str:
        """Of the item's picture."""
        return f"/menu/items/{self.item['id']}/image"

    async def sent(self, content: bytes) -> dict[str, str]:
        """The body that confirms an upload which has arrived."""
        found = (await self.send("PUT", self.address, {"content_type": JPEG, "bytes": len(content)})).json()
        answer = await self.plain("PUT", found["upload_url"], content=content, headers=found["headers"])
        assert answer.status_code == 204, answer.text
        return {"upload_id": found["upload_id"]}


async def auth(_: Any) -> RestaurantCopy:
    return LONDON


@pytest.fixture
async def house(
    service_database: OpenDatabase, fake_clock: FakeClock, tmp_path: Path
) -> AsyncIterator[House]:
    db, clock, files = await service_database("catalog"), SystemClock(), FolderStore(tmp_path, SECRET)
    # The gateway goes by the time of day.
    fake_clock.advance(clock.now() - fake_clock.now())
    tenant = await a_restaurant(db)
    item = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    mint = TokenMint(clock)

    def both(_: object, server: Any) -> None:
        add_ImageServiceServicer_to_server(ImageServiceRpc(db, files, Decoders().render), server)
        add_CatalogServiceServicer_to_server(CatalogRpc(db, auth, files), server)

    async with serving(both, None, clock=clock, mint=mint, service_name="catalog") as peer:
        settings = GatewaySettings.model_validate(
            {
                **keys_for_tests("gateway"),
                "admin_port": 0,
                "nats_url": "nats://unused",
                "catalog_address": f"127.0.0.1:{peer.server.port}",
                "images_dir": tmp_path,
                "images_secret": SECRET,
                **{f"{name}_address": NOBODY for name in PEERS},
            }
        )
        verifier = TokenVerifier(mint.fetch_keys, clock)
        limits, refusals = Limits.of(settings), Refusals(clock)
        gateway = Gateway(
            settings, Services(settings), verifier, Revocations(clock), RateLimiter(None), limits, refusals
        )
        admission = Admission(address=Limit("address", 1_000, 1_000), requests=10)
        app = Edge(dispatch_of(served_app(gateway)), admission, tls_terminated=False)
        yield House(app, mint, tenant, {"id": str(item.id), "version": item.version})
        await gateway.services.close()


async def test_a_picture_is_announced_sent_confirmed_shown_and_taken_off(house: House) -> None:
    confirmed = await house.send(
        "POST", f"{house.address}/confirm", await house.sent(with_a_place()), seen=house.item["version"]
    )
    assert confirmed.status_code == 200, confirmed.text
    item = confirmed.json()
    assert confirmed.headers["etag"] == f'"{item["version"]}"'
    assert (item["image"]["width"], item["image"]["height"]) == (300, 400)
    for name in ("url", "thumbnail_url"):
        shown = await house.plain("GET", item["image"][name])
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
        assert (shown.content[8:12], b"canary" in shown.content.lower()) == (b"WEBP", False)
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in shown.headers["cache-control"]
    [category] = (await house.send("GET", "/menu")).json()["categories"]
    assert category["items"][0]["image"] == item["image"]
    changes = (await house.send("GET", f"/menu?since_version={house.item['version']}")).json()
    assert [each["image"] for each in changes["items"]] == [item["image"]]
    removed = await house.send("DELETE", house.address, seen=item["version"])
    assert (removed.status_code, "image" in removed.json()) == (200, False)


async def test_a_picture_is_given_by_those_who_may_to_what_they_saw(house: House) -> None:
    body, seen = await house.sent(a_picture()), house.item["version"]
    confirm = f"{house.address}/confirm"
    for status, code, answer in (
        (428, "precondition_required", await house.send("POST", confirm, body)),
        (412, "stale_version", await house.send("POST", confirm, body, seen=seen - 1)),
        (404, "unknown_item", await house.send("POST", confirm, body, seen=seen, tenant=new_id())),
        (403, "permission_missing", await house.send("POST", confirm, body, seen=seen, permissions=EMPLOYEE)),
        (404, "unknown_upload", await house.send("POST", confirm, {"upload_id": str(new_id())}, seen=seen)),
        (428, "precondition_required", await house.send("DELETE", house.address)),
        (404, "unknown_item", await house.send("DELETE", house.address, seen=seen, tenant=new_id())),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        {"content_type": "image/svg+xml", "bytes": 100},
        {"content_type": "text/html", "bytes": 100},
        {"content_type": JPEG, "bytes": 0},
        {"content_type": JPEG, "bytes": 8_388_609},
        {"content_type": JPEG},
    ],
)
async def test_what_is_no_picture_that_we_take_is_refused_before_it_is_sent(
    house: House, body: dict[str, Any]
) -> None:
    assert (await house.send("PUT", house.address, body)).status_code == 422


async def test_a_page_that_was_sent_as_a_picture_is_never_shown(house: House) -> None:
    body = await house.sent(b"<html><script>alert(1)</script></html>")
    answer = await house.send("POST", f"{house.address}/confirm", body, seen=house.item["version"])
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_image")
