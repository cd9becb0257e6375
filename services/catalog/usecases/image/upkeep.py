"""What nobody needs any more: uploads whose time is over, and pictures that no item has."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.db import Database
from services.catalog.domain.image import UNUSED_KEPT, page_key, tile_key, upload_key
from services.catalog.store import image as store
from services.catalog.usecases.ports import ImageStore

REMOVED_WITHIN = timedelta(minutes=5)
"""After this a removal that did not come to its end is begun again."""

Due = tuple[UUID, Sequence[str]]
"""A restaurant and its pictures."""


async def uploads_due(db: Database, limit: int) -> list[tuple[UUID, UUID]]:
    """(restaurant, upload) of all restaurants whose time is over, oldest first."""
    async with db.transaction(None, readonly=True) as tx:
        return await store.uploads_due(tx, db.clock.now(), limit)


async def remove_upload(db: Database, files: ImageStore, restaurant_id: UUID, upload_id: UUID) -> None:
    """With what was sent. Raises Unavailable, and then it is known as before."""
    await files.remove([upload_key(restaurant_id, upload_id)])
    async with db.transaction(restaurant_id) as tx:
        await store.remove_uploads(tx, [upload_id])


async def images_due(db: Database, limit: int) -> list[Due]:
    """Pictures of all restaurants that nobody has looked at for long, by restaurant."""
    async with db.transaction(None, readonly=True) as tx:
        found = await store.images_due(tx, db.clock.now() - UNUSED_KEPT, limit)
    by_restaurant: dict[UUID, list[str]] = {}
    for restaurant_id, image_hash in found:
        by_restaurant.setdefault(restaurant_id, []).append(image_hash)
    return list(by_restaurant.items())


async def remove_unused(db: Database, files: ImageStore, restaurant_id: UUID, hashes: Sequence[str]) -> int:
    """Those of them that no item has; how many. Raises Unavailable, and then they are tried again.

    They are given up before their files go: what is used meanwhile is used whole, or not at all.
    """
    now = db.clock.now()
    due = now - UNUSED_KEPT
    async with db.transaction(restaurant_id) as tx:
        await store.keep_used_images(tx, hashes, now)
        given_up = await store.give_up_images(tx, hashes, due, due + REMOVED_WITHIN)
    keys = [key(restaurant_id, each) for each in given_up for key in (page_key, tile_key)]
    await files.remove(keys)
    async with db.transaction(restaurant_id) as tx:
        await store.remove_images(tx, given_up)
    return len(given_up)
