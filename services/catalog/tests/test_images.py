"""Pictures of items: from their announcement to the day when nobody needs them any more."""

import asyncio
import contextvars
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1.events_pb2 import MenuChanged

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.errors import Unavailable
from chassis.ids import new_id
from harness.fixtures import EventRecorder, OpenDatabase
from services.catalog.domain.errors import (
    ImageBeingRemoved,
    ImageNotSent,
    StaleVersion,
    TooManyImages,
    TooManyUploads,
    UnknownItem,
    UnknownUpload,
    UnreadableImage,
)
from services.catalog.domain.image import (
    HASH_CHARACTERS,
    MAX_COPIED_IMAGES,
    MAX_IMAGES,
    MAX_OPEN_UPLOADS,
    UNUSED_KEPT,
    UPLOAD_KEPT,
    Rendered,
    Upload,
    check_copied,
    check_images,
    page_key,
    tile_key,
    upload_key,
)
from services.catalog.image_sweeper import ImageSweeper
from services.catalog.images.decoding import Decoders
from services.catalog.images.folder import FolderStore
from services.catalog.rpc.image import CONFIRMED, REMOVED, STARTED
from services.catalog.store import image as image_store
from services.catalog.store import item as item_store
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, an_item, command, saved
from services.catalog.tests.pictures import JPEG, a_picture
from services.catalog.usecases.image import giving as images
from services.catalog.usecases.image.giving import SeenItem
from services.catalog.usecases.image.upkeep import remove_unused
from services.catalog.usecases.menu_file import export_menu
from services.catalog.usecases.ports import Render


async def as_it_came(content: bytes, content_type: str) -> Rendered:
    """Shows a picture as it was sent: for tests in which nobody looks at it."""
    digest = hashlib.sha256(content).hexdigest()[:HASH_CHARACTERS]
    return Rendered(digest, content, content, 4, 3)


@dataclass(slots=True)
class Shop:
    """A restaurant with an item, and where its pictures lie."""

    db: Database
    files: FolderStore
    tenant: UUID
    item: SeenItem
    picture: bytes
    """One that no other test has."""

    async def announce(self, content: bytes = b"") -> UUID:
        """An upload of ``content``, or of the picture."""
        content = content or self.picture
        wanted = Upload(new_id(), self.item.id, JPEG, len(content))
        answer = await images.start_upload(self.db, self.files, command(self.tenant), wanted, STARTED)
        assert answer.upload_id == str(wanted.id)
        assert answer.headers.content_type == JPEG
        return wanted.id

    async def send(self, content: bytes = b"") -> UUID:
        """Announces and sends it, as a device does."""
        content = content or self.picture
        upload_id = await self.announce(content)
        await self.files.write(upload_key(self.tenant, upload_id), content, JPEG)
        return upload_id

    async def confirm(
        self, upload_id: UUID, render: Render = as_it_came, key: str | None = None
    ) -> catalog_pb2.Item:
        """The item with the picture; the next change sees that version."""
        asked = command(self.tenant, key)
        answer = await images.confirm_upload(
            self.db, self.files, render, asked, upload_id, self.item, CONFIRMED
        )
        self.item = replace(self.item, version=answer.item.version)
        return answer.item

    async def show(self, content: bytes = b"") -> catalog_pb2.Item:
        """The item with that picture."""
        return await self.confirm(await self.send(content))

    async def remove(self) -> catalog_pb2.Item:
        """The item without one."""
        answer = await images.remove_image(self.db, command(self.tenant), self.item, REMOVED)
        self.item = replace(self.item, version=answer.item.version)
        return answer.item

    async def lies_there(self, content: bytes) -> bool:
        """Whether its files are there, both or none."""
        name = (await as_it_came(content, JPEG)).hash
        found = [await self.files.read(key(self.tenant, name), 1) for key in (page_key, tile_key)]
        assert (found[0] is None) == (found[1] is None)
        return found[0] is not None


async def a_shop(db: Database, folder: Path) -> Shop:
    tenant = await a_restaurant(db)
    item = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    files = FolderStore(folder, "what-catalog-and-gateway-have-in-common")
    return Shop(db, files, tenant, SeenItem(item.id, item.version), new_id().bytes)


@pytest.fixture
async def shop(service_database: OpenDatabase, tmp_path: Path) -> Shop:
    return await a_shop(await service_database("catalog"), tmp_path)


async def test_an_item_gets_its_picture_in_a_new_version_of_the_menu(
    shop: Shop, event_recorder: EventRecorder
) -> None:
    content = a_picture((800, 600))
    before = shop.item.version
    found = await shop.confirm(await shop.send(content), Decoders().render)
    assert found.version == before + 1
    assert (found.image.width, found.image.height) == (800, 600)
    assert found.image.url.startswith(f"/images/{shop.tenant}/")
    for address in (found.image.url, found.image.thumbnail_url):
        shown = await shop.files.read(address.removeprefix("/"), 1_000_000)
        assert shown is not None
        assert shown[8:12] == b"WEBP"
    told = await event_recorder.of_type(shop.db, MenuChanged)
    assert told[-1].items[0].image == found.image
    async with shop.db.transaction(shop.tenant) as tx:
        [kept] = await item_store.items(tx)
    assert kept.image is not None
    assert kept.image.url == found.image.url


async def test_a_picture_stays_with_its_item_whatever_else_changes(shop: Shop) -> None:
    image = (await shop.show()).image
    async with shop.db.transaction(shop.tenant) as tx:
        item = await item_store.find_item(tx, shop.item.id)
    assert item is not None
    changed = await doing.update_item(
        shop.db, command(shop.tenant), replace(item, name="Marinara", image=None)
    )
    assert changed.item.image == image
    switched = await doing.set_item_availability(shop.db, command(shop.tenant), item.id, False)
    assert switched.item.image == image


async def test_a_picture_that_is_there_already_is_no_new_version(shop: Shop) -> None:
    first = await shop.show()
    assert (await shop.show()).version == first.version
    assert (await shop.show(b"another")).version == first.version + 1


async def test_a_confirmation_that_is_repeated_is_one(shop: Shop) -> None:
    upload_id = await shop.send()
    seen = shop.item
    first = await shop.confirm(upload_id, key="once")
    shop.item = seen
    assert await shop.confirm(upload_id, key="once") == first


async def test_taking_a_picture_off_is_a_version_of_the_menu_and_twice_is_one(shop: Shop) -> None:
    shown = await shop.show()
    without = await shop.remove()
    assert not without.HasField("image")
    assert without.version == shown.version + 1
    assert (await shop.remove()).version == without.version


async def test_who_saw_an_older_item_gives_it_no_picture_and_takes_none_off(shop: Shop) -> None:
    upload_id = await shop.send()
    await doing.set_item_availability(shop.db, command(shop.tenant), shop.item.id, False)
    with pytest.raises(StaleVersion):
        await shop.confirm(upload_id)
    with pytest.raises(StaleVersion):
        await shop.remove()


async def test_what_was_not_sent_or_not_as_announced_is_not_shown(shop: Shop) -> None:
    upload_id = await shop.announce()
    with pytest.raises(ImageNotSent):
        await shop.confirm(upload_id)
    await shop.files.write(upload_key(shop.tenant, upload_id), shop.picture + b"!", JPEG)
    with pytest.raises(UnreadableImage, match="16 bytes were announced"):
        await shop.confirm(upload_id)
    with pytest.raises(UnreadableImage):
        await shop.confirm(await shop.send(b"no picture"), Decoders().render)


async def test_an_upload_is_its_own_items_and_restaurants(shop: Shop, tmp_path: Path) -> None:
    upload_id = await shop.send()
    other = await a_shop(shop.db, tmp_path)
    with pytest.raises(UnknownUpload):
        await other.confirm(upload_id)
    item = await saved(shop.db, shop.tenant, an_item((await a_category(shop.db, shop.tenant, "B")).id))
    with pytest.raises(UnknownUpload):
        await replace(shop, item=SeenItem(item.id, item.version)).confirm(upload_id)
    with pytest.raises(UnknownItem):
        await replace(shop, item=other.item).announce()


async def test_announcing_without_end_is_refused_until_uploads_are_confirmed_or_over(
    shop: Shop, fake_clock: FakeClock
) -> None:
    first = await shop.send()
    for _ in range(MAX_OPEN_UPLOADS - 1):
        await shop.announce()
    with pytest.raises(TooManyUploads):
        await shop.announce()
    await shop.confirm(first)
    await shop.announce()
    fake_clock.advance(UPLOAD_KEPT)
    await shop.announce()


def test_a_restaurant_has_so_many_pictures_and_a_file_brings_so_many() -> None:
    check_images(MAX_IMAGES - 1)
    check_copied(MAX_COPIED_IMAGES)
    with pytest.raises(TooManyImages):
        check_images(MAX_IMAGES)
    with pytest.raises(TooManyImages):
        check_copied(MAX_COPIED_IMAGES + 1)


async def test_an_upload_goes_when_its_time_is_over_confirmed_or_not(
    shop: Shop, fake_clock: FakeClock, tmp_path: Path
) -> None:
    sweeper = ImageSweeper(shop.db, shop.files)
    forgotten, confirmed = await shop.send(shop.picture + b"one"), await shop.send(shop.picture + b"two")
    await shop.confirm(confirmed)
    await sweeper.sweep()
    assert len([path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]) == 2
    fake_clock.advance(UPLOAD_KEPT)
    with pytest.raises(UnknownUpload):
        await shop.confirm(forgotten)
    await sweeper.sweep()
    assert not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
    assert await shop.lies_there(shop.picture + b"two")


async def test_a_picture_that_no_item_has_goes_after_a_day(shop: Shop, fake_clock: FakeClock) -> None:
    sweeper = ImageSweeper(shop.db, shop.files)
    await shop.show(shop.picture + b"old")
    await shop.show(shop.picture + b"new")
    fake_clock.advance(UNUSED_KEPT - timedelta(minutes=1))
    await sweeper.sweep()
    assert await shop.lies_there(shop.picture + b"old")
    fake_clock.advance(timedelta(minutes=1))
    await sweeper.sweep()
    assert not await shop.lies_there(shop.picture + b"old")
    for _ in range(3):
        fake_clock.advance(UNUSED_KEPT)
        await sweeper.sweep()
        assert await shop.lies_there(shop.picture + b"new")
    await doing.delete_item(shop.db, command(shop.tenant), shop.item.id)
    fake_clock.advance(UNUSED_KEPT)
    await sweeper.sweep()
    assert not await shop.lies_there(shop.picture + b"new")


class Away(FolderStore):
    """A store that does not answer while it removes."""

    away = True

    async def remove(self, keys: object) -> None:
        if self.away:
            raise Unavailable("away")
        await super().remove(keys)  # type: ignore[arg-type]


async def test_a_removal_that_fails_is_tried_again_and_nothing_is_shown_meanwhile(
    shop: Shop, fake_clock: FakeClock, tmp_path: Path
) -> None:
    files = Away(tmp_path, "what-catalog-and-gateway-have-in-common")
    sweeper = ImageSweeper(shop.db, files)
    await shop.show(shop.picture + b"old")
    await shop.remove()
    fake_clock.advance(UNUSED_KEPT)
    await sweeper.sweep()
    upload_id = await shop.send(shop.picture + b"old")
    with pytest.raises(ImageBeingRemoved):
        await shop.confirm(upload_id)
    files.away = False
    await sweeper.sweep()
    with pytest.raises(ImageBeingRemoved):
        await shop.confirm(upload_id)
    fake_clock.advance(timedelta(minutes=5))
    await sweeper.sweep()
    assert not await shop.lies_there(shop.picture + b"old")
    assert (await shop.confirm(upload_id)).HasField("image")


async def test_a_picture_that_is_used_while_it_is_given_up_stays(shop: Shop, fake_clock: FakeClock) -> None:
    name = (await shop.show()).image.url.rpartition("/")[2].removesuffix(".webp")
    await shop.remove()
    fake_clock.advance(UNUSED_KEPT)
    async with shop.db.transaction(shop.tenant) as tx:
        assert await image_store.use_images(tx, {name}, fake_clock.now()) == {name}
        # Somebody else's transaction, not one within this.
        removal = remove_unused(shop.db, shop.files, shop.tenant, [name])
        going = asyncio.create_task(removal, context=contextvars.Context())
        await asyncio.wait([going], timeout=0.2)
        assert not going.done()
    assert await going == 0
    assert await shop.lies_there(shop.picture)


async def exported(shop: Shop, file_format: str = "csv") -> bytes:
    content, _ = await export_menu(shop.db, doing.nobody, shop.tenant, file_format)
    return content


async def test_a_menu_that_moves_takes_its_pictures_along(shop: Shop, tmp_path: Path) -> None:
    image = (await shop.show()).image
    file = await exported(shop)
    tenant = await a_restaurant(shop.db)
    there = replace(shop, tenant=tenant)
    await doing.import_menu(shop.db, command(tenant), file, shop.files)
    assert await exported(there) == file
    async with shop.db.transaction(tenant) as tx:
        [item] = await item_store.items(tx)
    assert item.image is not None
    assert item.image.url == image.url.replace(str(shop.tenant), str(tenant))
    assert await there.lies_there(shop.picture)
    again = await doing.import_menu(shop.db, command(tenant), file, shop.files)
    assert (again.unchanged, again.updated) == (1, 0)


async def test_a_copy_stays_when_the_first_restaurant_takes_its_picture_off(
    shop: Shop, fake_clock: FakeClock
) -> None:
    await shop.show()
    tenant = await a_restaurant(shop.db)
    await doing.import_menu(shop.db, command(tenant), await exported(shop), shop.files)
    await shop.remove()
    fake_clock.advance(UNUSED_KEPT)
    await ImageSweeper(shop.db, shop.files).sweep()
    assert not await shop.lies_there(shop.picture)
    assert await replace(shop, tenant=tenant).lies_there(shop.picture)


async def test_a_file_without_the_column_leaves_pictures_and_an_empty_cell_takes_them_off(shop: Shop) -> None:
    await shop.show()
    head = b"category,item,price,vat_class"
    row = b"Mains,Margherita,9.50,hot_food"
    for columns, cells, has_one in ((b"", b"", True), (b",image", b",", False)):
        file = head + columns + b"\n" + row + cells + b"\n"
        await doing.import_menu(shop.db, command(shop.tenant), file, shop.files)
        async with shop.db.transaction(shop.tenant) as tx:
            [item] = await item_store.items(tx)
        assert (item.image is not None) == has_one


async def test_a_file_that_names_a_picture_of_nobody_is_rejected(shop: Shop) -> None:
    for name, words in (("0" * 40, "no such picture"), ("../../secret", "as an export has it")):
        file = f"category,item,price,vat_class,image\nMains,Soup,5,hot_food,{name}\n".encode()
        [rejected] = (await doing.import_menu(shop.db, command(shop.tenant), file, shop.files)).rejected
        assert (rejected.row, rejected.field) == (2, "image")
        assert words in rejected.detail
