"""Where pictures come from, and where pages may send them: this server, or the bucket that was set."""

import httpx
import pytest
from pydantic import ValidationError

from gateway.admission import Admission
from gateway.app import served_app
from gateway.edge import Edge
from gateway.settings import GatewaySettings
from gateway.tests.test_outbox import gateway, settings

FOLDER = {"images_dir": "/dev/null/images", "images_secret": "what-catalog-has-too"}
BUCKET = {"s3_endpoint": "https://s3.example:9000/store"}
PICTURE = f"/images/0198c0de-0000-7000-8000-000000000001/{'0' * 40}.webp"


async def asked(of: GatewaySettings, method: str, path: str) -> httpx.Response:
    """What a browser gets."""
    local = gateway(of)
    edge = Edge(
        served_app(local),
        Admission(address=local.limits.address, requests=10),
        tls_terminated=False,
        images=of.image_origins,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://gateway") as http:
        return await http.request(method, path)


def sources(answer: httpx.Response, kind: str) -> list[str]:
    """What the policy of a page allows."""
    [found] = [
        each for each in answer.headers["content-security-policy"].split("; ") if each.startswith(kind)
    ]
    return str(found).split()[1:]


async def test_pages_take_pictures_from_the_store_that_was_set_and_nowhere_else() -> None:
    local = await asked(settings(**FOLDER), "GET", "/web/app.css")
    assert (sources(local, "img-src"), sources(local, "connect-src")) == (["'self'", "data:"], ["'self'"])
    bucket = await asked(settings(**BUCKET), "GET", "/web/app.css")
    assert sources(bucket, "img-src") == ["'self'", "data:", "https://s3.example:9000"]
    assert sources(bucket, "connect-src") == ["'self'", "https://s3.example:9000"]
    before = await asked(
        settings(**BUCKET, images_address="https://pictures.example/a"), "GET", "/web/app.css"
    )
    assert sources(before, "img-src") == ["'self'", "data:", "https://pictures.example"]
    assert sources(before, "connect-src") == ["'self'", "https://s3.example:9000"]


async def test_an_address_that_nobody_signed_takes_nothing() -> None:
    for token in ("x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJrZXkiOiJhIn0."):
        answer = await asked(settings(**FOLDER), "PUT", f"/uploads/{token}")
        assert (answer.status_code, answer.json()["code"]) == (401, "upload_unknown")


async def test_where_pictures_lie_in_a_bucket_none_is_taken_or_shown_here() -> None:
    assert (await asked(settings(**FOLDER), "POST", "/uploads/x")).status_code == 405
    assert (await asked(settings(**BUCKET), "PUT", "/uploads/x")).status_code == 404
    assert (await asked(settings(**BUCKET), "GET", PICTURE)).status_code == 404


def test_a_folder_needs_the_secret_of_its_addresses() -> None:
    with pytest.raises(ValidationError, match="FYNLO_IMAGES_SECRET"):
        settings(images_dir="/dev/null/images")
