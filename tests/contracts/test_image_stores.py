"""Where pictures lie: a folder that the gateway serves, or a bucket. What one promises the other does too.

The bucket is one of a real server, which checks signatures.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from botocore.session import Session
from fastapi import FastAPI
from nanio.app import build_app
from nanio.auth.credentials import StaticCredentialResolver
from nanio.config import Settings
from starlette.requests import Request
from starlette.responses import Response

from chassis.clock import SystemClock
from chassis.errors import Problem, Unavailable
from chassis.ids import new_id
from gateway import problems
from gateway.routes.images import add_images
from services.catalog.domain.image import page_key, tile_key, upload_key
from services.catalog.images.folder import FolderStore
from services.catalog.images.s3 import S3Store
from services.catalog.usecases.ports import ImageStore

ACCESS, SECRET, BUCKET = "catalog", "a-secret-of-the-bucket", "pictures"
SIGNING = "what-catalog-and-gateway-have-in-common"
"""Of the folder."""
TYPE = "image/jpeg"
CONTENT = b"what a camera wrote"
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A store, and where devices send to."""

    store: ImageStore
    base_url: str
    transport: httpx.ASGITransport | None = None

    async def put(self, url: str, content: bytes, content_type: str = TYPE) -> int:
        """The status that a device gets."""
        async with httpx.AsyncClient(base_url=self.base_url, transport=self.transport) as http:
            answer = await http.put(url, content=content, headers={"Content-Type": content_type})
        return answer.status_code

    def upload_url(self, key: str, seconds: float = 60.0, content: bytes = CONTENT) -> str:
        """Where ``content`` may be sent for so long."""
        now, lifetime = SystemClock().now(), timedelta(seconds=seconds)
        return self.store.upload_url(key, TYPE, len(content), now, lifetime)


@pytest.fixture(scope="module")
def bucket_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with an empty bucket."""
    credentials = StaticCredentialResolver({ACCESS: SECRET})
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("buckets"), credentials=credentials, access_log=False
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_app(settings), log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.started:
        assert time.monotonic() < deadline, "the bucket's server does not start"
        time.sleep(0.02)
    client = Session().create_client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket=BUCKET)
    yield url
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)
    listening.close()


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    app = FastAPI()
    add_images(app, tmp_path, SIGNING)

    async def on_problem(_: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return problems.of_problem(problem)

    app.add_exception_handler(Problem, on_problem)
    return Place(FolderStore(tmp_path, SIGNING), "http://gateway", httpx.ASGITransport(app))


@pytest.fixture
def bucket(bucket_url: str) -> Place:
    return Place(S3Store(bucket_url, BUCKET, "us-east-1", ACCESS, SECRET), bucket_url)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def a_key() -> str:
    return upload_key(new_id(), new_id())


async def test_what_was_announced_is_taken_and_read(place: Place) -> None:
    key = a_key()
    assert await place.store.read(key, 100) is None
    assert await place.put(place.upload_url(key), CONTENT) in (200, 204)
    assert await place.store.read(key, 100) == CONTENT
    assert await place.store.read(key, 4) == CONTENT[:4]


async def test_an_upload_of_another_length_or_type_is_refused(place: Place) -> None:
    key = a_key()
    url = place.upload_url(key)
    for content, content_type in (
        (CONTENT + b"!", TYPE),
        (CONTENT[:-1], TYPE),
        (b"", TYPE),
        (CONTENT, "image/png"),
        (CONTENT, "text/html"),
    ):
        assert 400 <= await place.put(url, content, content_type) < 500
    assert await place.store.read(key, 100) is None


async def test_an_address_is_good_for_its_own_key_and_time_alone(place: Place) -> None:
    key, other = a_key(), a_key()
    url = place.upload_url(key)
    restaurant = key.split("/")[1]
    strange = url.replace(restaurant, other.split("/")[1])
    if strange == url:
        # The folder's addresses hold the key where it is not read: another signature is taken.
        head, claims, _ = url.split(".")
        strange = f"{head}.{claims}.{place.upload_url(other).rpartition('.')[2]}"
    assert await place.put(strange, CONTENT) in (401, 403)
    soon = place.upload_url(key, seconds=1)
    await asyncio.sleep(2.2)
    assert await place.put(soon, CONTENT) in (400, 401, 403)
    assert await place.store.read(key, 100) is None


async def test_files_are_written_copied_and_removed_whole(place: Place) -> None:
    mine, yours, name = new_id(), new_id(), "0" * 40
    for key in (page_key(mine, name), tile_key(mine, name)):
        await place.store.write(key, CONTENT, "image/webp")
        await place.store.write(key, CONTENT, "image/webp")
    assert await place.store.copy(page_key(mine, name), page_key(yours, name))
    assert not await place.store.copy(page_key(mine, "1" * 40), page_key(yours, "1" * 40))
    await place.store.remove([page_key(mine, name), page_key(mine, "2" * 40)])
    assert await place.store.read(page_key(mine, name), 100) is None
    assert await place.store.read(tile_key(mine, name), 100) == CONTENT
    assert await place.store.read(page_key(yours, name), 100) == CONTENT


async def test_an_address_of_a_picture_says_where_it_lies(place: Place) -> None:
    key = page_key(new_id(), "0" * 40)
    address = place.store.address(key)
    assert address.endswith(f"/{key}")
    assert address.startswith(
        f"{place.base_url}/{BUCKET}/images/" if "gateway" not in place.base_url else "/images/"
    )


async def test_pictures_may_be_shown_from_elsewhere_than_the_bucket(bucket_url: str) -> None:
    store = S3Store(bucket_url, BUCKET, "us-east-1", ACCESS, SECRET, "https://pictures.example/")
    assert store.address("images/a.webp") == "https://pictures.example/images/a.webp"


@pytest.mark.parametrize("secret", [SECRET, "another"])
async def test_a_store_that_is_away_or_refuses_us_is_unavailable(bucket_url: str, secret: str) -> None:
    url = bucket_url if secret != SECRET else "http://127.0.0.1:1"
    store = S3Store(url, BUCKET, "us-east-1", ACCESS, secret)
    for asked in (
        store.read("images/a", 10),
        store.write("images/a", b"", TYPE),
        store.copy("images/a", "images/b"),
        store.remove(["images/a"]),
    ):
        with pytest.raises(Unavailable):
            await asked


async def test_the_folder_shows_pictures_for_ever_and_lets_them_do_nothing(folder: Place) -> None:
    name, restaurant_id = "0" * 40, new_id()
    await folder.store.write(page_key(restaurant_id, name), CONTENT, "image/webp")
    async with httpx.AsyncClient(base_url=folder.base_url, transport=folder.transport) as http:
        found = await http.get(folder.store.address(page_key(restaurant_id, name)))
        assert (found.status_code, found.content) == (200, CONTENT)
        assert found.headers["content-type"] == "image/webp"
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["content-security-policy"] == "default-src 'none'; sandbox"
        for path in (
            f"/images/{new_id()}/{name}.webp",
            f"/images/{restaurant_id}/{name}",
            f"/images/{restaurant_id}/..%2F..%2Fsecret",
            f"/images/..%2Fuploads/{name}.webp",
        ):
            assert (await http.get(path)).status_code == 404


async def test_uploads_are_shown_to_nobody(folder: Place) -> None:
    key = a_key()
    url = folder.upload_url(key)
    assert await folder.put(url, CONTENT) == 204
    async with httpx.AsyncClient(base_url=folder.base_url, transport=folder.transport) as http:
        assert [(await http.get(path)).status_code for path in (f"/{key}", url, f"/images/{key}")] == [
            404,
            405,
            404,
        ]


async def test_an_upload_that_breaks_off_leaves_nothing(folder: Place, tmp_path: Path) -> None:
    async def half() -> "object":
        yield CONTENT[:5]

    key = a_key()
    async with httpx.AsyncClient(base_url=folder.base_url, transport=folder.transport) as http:
        head = {"Content-Type": TYPE, "Content-Length": str(len(CONTENT))}
        answer = await http.put(folder.upload_url(key), content=half(), headers=head)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (422, "upload_mismatch")
    assert [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()] == []


async def test_what_a_gateway_left_half_done_goes_with_the_upload(folder: Place, tmp_path: Path) -> None:
    key = a_key()
    assert await folder.put(folder.upload_url(key), CONTENT) == 204
    (tmp_path / f"{key}.0123456789abcdef.part").write_bytes(b"half")
    await folder.store.remove([key])
    assert not (tmp_path / key).parent.exists()
