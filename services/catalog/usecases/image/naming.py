"""Pictures that a menu file names, which may be of another restaurant: an item shows none but its own."""

import asyncio
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.db import Database
from services.catalog.domain.errors import ImageBeingRemoved
from services.catalog.domain.image import Image, StoredImage, check_copied, check_images, page_key, tile_key
from services.catalog.store import image as image_store
from services.catalog.usecases.image.giving import AGAIN_LATER, image_at
from services.catalog.usecases.ports import ImageStore

COPIED_AT_ONCE = 8
KeyOf = Callable[[UUID, str], str]


@dataclass(frozen=True, slots=True)
class NamedImages:
    """``shown``: by hash, as an item of the restaurant shows them. ``elsewhere``: with whom those of them lie
    that the restaurant does not have yet.
    """

    db: Database
    files: ImageStore
    tenant: UUID
    shown: Mapping[str, Image]
    elsewhere: list[StoredImage]

    async def bring(self) -> None:
        """Copies those that lie elsewhere. Raises TooManyImages, ImageBeingRemoved, Unavailable."""
        if not self.elsewhere:
            return
        check_copied(len(self.elsewhere))
        wanted = [replace(each, restaurant_id=self.tenant) for each in self.elsewhere]
        async with self.db.transaction(self.tenant) as tx:
            check_images(await image_store.count_images(tx) + len(wanted) - 1)
            claimed = await image_store.claim_images(tx, wanted, self.db.clock.now())
        if len(claimed) < len(wanted):
            raise ImageBeingRemoved(AGAIN_LATER)
        turns = asyncio.Semaphore(COPIED_AT_ONCE)

        async def copied(each: StoredImage) -> bool:
            async with turns:
                return all([await self._copy(each, key) for key in (page_key, tile_key)])

        if not all(await asyncio.gather(*map(copied, self.elsewhere))):
            raise ImageBeingRemoved(AGAIN_LATER)

    async def _copy(self, found: StoredImage, key: KeyOf) -> bool:
        return await self.files.copy(key(found.restaurant_id, found.hash), key(self.tenant, found.hash))


async def images_named(db: Database, files: ImageStore, tenant: UUID, hashes: Set[str]) -> NamedImages:
    """Those of them that there are. Whoever knows a hash has seen the picture: its address is made of it."""
    if not hashes:
        return NamedImages(db, files, tenant, {}, [])
    async with db.transaction(tenant, readonly=True) as tx:
        own = await image_store.stored_images(tx, hashes)
        missing = hashes - {each.hash for each in own}
        elsewhere = await image_store.image_holders(tx, missing) if missing else []
    shown = [*own, *(replace(each, restaurant_id=tenant) for each in elsewhere)]
    return NamedImages(db, files, tenant, {each.hash: image_at(files, each) for each in shown}, elsewhere)
