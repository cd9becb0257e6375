"""Giving an item its picture, and taking it away."""

import asyncio
from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, answered, execute
from services.catalog.domain.errors import ImageBeingRemoved, UnknownUpload
from services.catalog.domain.image import (
    SHOWN_TYPE,
    UPLOAD_KEPT,
    UPLOAD_LIFETIME,
    Image,
    Rendered,
    StoredImage,
    Upload,
    check_images,
    check_open_uploads,
    page_key,
    sent,
    tile_key,
    upload_key,
)
from services.catalog.domain.item import Item
from services.catalog.domain.menu import check_version
from services.catalog.store import image as image_store
from services.catalog.usecases.item import item_of, replace_item
from services.catalog.usecases.menu.edit import Edit
from services.catalog.usecases.ports import ImageStore, Render

AGAIN_LATER = "This picture was not used and is being removed now. Try again in a few minutes."


@dataclass(frozen=True, slots=True)
class Announced:
    """An upload that may be sent to ``url`` until ``expires_at``."""

    upload: Upload
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SeenItem:
    """An item, and the version of it that the caller saw."""

    id: UUID
    version: int


async def start_upload(
    db: Database, files: ImageStore, command: Command, wanted: Upload, answer: Answer[Announced, M]
) -> M:
    """Where a picture is to be sent. Raises UnknownItem, TooManyUploads."""

    async def work(tx: Transaction) -> Announced:
        now = db.clock.now()
        await item_of(tx, wanted.item_id)
        check_open_uploads(await image_store.open_uploads(tx, now))
        await image_store.add_upload(tx, wanted, now + UPLOAD_KEPT)
        key = upload_key(command.tenant, wanted.id)
        url = files.upload_url(key, wanted.content_type, wanted.bytes, now, UPLOAD_LIFETIME)
        return Announced(wanted, url, now + UPLOAD_LIFETIME)

    return await execute(db, command, answer, work)


async def confirm_upload(
    db: Database,
    files: ImageStore,
    render: Render,
    command: Command,
    upload_id: UUID,
    seen: SeenItem,
    answer: Answer[Item, M],
) -> M:
    """Gives an item the picture that was sent; the one that it has
    already: no new version.

    Raises UnknownItem, StaleVersion, UnknownUpload, ImageNotSent, UnreadableImage, ImagesBusy, TooManyImages,
    ImageBeingRemoved, MenuTooLarge, Unavailable.
    """
    if (told := await answered(db, command, answer)) is not None:
        return told
    async with db.transaction(command.tenant, readonly=True) as tx:
        check_version(seen.version, (await item_of(tx, seen.id)).version)
        upload = await image_store.find_upload(tx, upload_id, seen.id, db.clock.now())
    if upload is None:
        raise UnknownUpload(metadata={"upload_id": str(upload_id)})
    content = sent(upload, await files.read(upload_key(command.tenant, upload.id), upload.bytes + 1))
    made = await render(content, upload.content_type)
    await _keep(db, files, command.tenant, made)
    image = image_at(files, StoredImage(command.tenant, made.hash, made.width, made.height))

    async def work(tx: Transaction) -> Item:
        await image_store.confirm_upload(tx, upload.id)
        return await _show(db, tx, seen, image)

    return await execute(db, command, answer, work)


async def remove_image(db: Database, command: Command, seen: SeenItem, answer: Answer[Item, M]) -> M:
    """Takes the picture off an item; without one: no new version.

    Raises UnknownItem, StaleVersion.
    """

    async def work(tx: Transaction) -> Item:
        return await _show(db, tx, seen, None)

    return await execute(db, command, answer, work)


def image_at(files: ImageStore, stored: StoredImage) -> Image:
    """A picture of a restaurant with its addresses."""
    page = files.address(page_key(stored.restaurant_id, stored.hash))
    tile = files.address(tile_key(stored.restaurant_id, stored.hash))
    return Image(stored.hash, page, tile, stored.width, stored.height)


async def use(tx: Transaction, hashes: Set[str], now: datetime) -> None:
    """Items have these pictures from now on. Raises ImageBeingRemoved."""
    if hashes and await image_store.use_images(tx, hashes, now) != hashes:
        raise ImageBeingRemoved(AGAIN_LATER)


async def _show(db: Database, tx: Transaction, seen: SeenItem, image: Image | None) -> Item:
    now = db.clock.now()
    edit = await Edit.begin(tx, now)
    current = await item_of(tx, seen.id)
    check_version(seen.version, current.version)
    await use(tx, frozenset() if image is None else frozenset({image.hash}), now)
    return await replace_item(edit, current, replace(current, image=image))


async def _keep(db: Database, files: ImageStore, tenant: UUID, made: Rendered) -> None:
    """It is remembered before its files are there: files that nobody knows of would stay for ever."""
    async with db.transaction(tenant) as tx:
        check_images(await image_store.count_images(tx))
        stored = StoredImage(tenant, made.hash, made.width, made.height)
        claimed = await image_store.claim_images(tx, [stored], db.clock.now())
    if not claimed:
        raise ImageBeingRemoved(AGAIN_LATER)
    await asyncio.gather(
        files.write(page_key(tenant, made.hash), made.page, SHOWN_TYPE),
        files.write(tile_key(tenant, made.hash), made.tile, SHOWN_TYPE),
    )
