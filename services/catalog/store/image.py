"""Pictures and the uploads that they come by."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from services.catalog.domain.image import Image, StoredImage, Upload

OPEN_UPLOADS = """
SELECT count(*) FROM image_upload WHERE restaurant_id = $1 AND NOT confirmed AND remove_at > $2
"""
ADD_UPLOAD = """
INSERT INTO image_upload (restaurant_id, id, item_id, content_type, bytes, remove_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
UPLOAD = """
SELECT id, item_id, content_type, bytes FROM image_upload
WHERE restaurant_id = $1 AND id = $2 AND item_id = $3 AND remove_at > $4
"""
CONFIRM_UPLOAD = "UPDATE image_upload SET confirmed = true WHERE restaurant_id = $1 AND id = $2"
UPLOADS_DUE = "SELECT restaurant_id, upload_id FROM image_uploads_due($1, $2)"
REMOVE_UPLOADS = "DELETE FROM image_upload WHERE restaurant_id = $1 AND id = ANY($2::uuid[])"
COUNT_IMAGES = "SELECT count(*) FROM image WHERE restaurant_id = $1"
STORED_IMAGES = """
SELECT restaurant_id, hash, width, height FROM image
WHERE restaurant_id = $1 AND hash = ANY($2::text[]) AND state = 'stored'
"""
IMAGE_HOLDERS = "SELECT restaurant_id, hash, width, height FROM image_holders($1::text[])"
# What is being removed cannot be begun again: its files would go after they were written.
CLAIM_IMAGES = """
INSERT INTO image (restaurant_id, hash, width, height, state, checked_at)
SELECT $1, i.hash, i.width, i.height, 'storing', $3
FROM jsonb_to_recordset($2::jsonb) AS i (hash text, width int, height int) ORDER BY i.hash
ON CONFLICT (restaurant_id, hash) DO UPDATE SET checked_at = excluded.checked_at
WHERE image.state <> 'removing' RETURNING hash
"""
USE_IMAGES = """
UPDATE image SET state = 'stored', checked_at = $3
WHERE restaurant_id = $1 AND hash = ANY($2::text[]) AND state <> 'removing' RETURNING hash
"""
IMAGES_DUE = "SELECT restaurant_id, hash FROM images_due($1, $2)"
# One look at the items of a restaurant, which are a few thousand at most.
KEEP_USED_IMAGES = """
UPDATE image SET checked_at = $3 WHERE restaurant_id = $1 AND hash = ANY($2::text[]) AND hash IN
    (SELECT image ->> 'hash' FROM item WHERE restaurant_id = $1 AND NOT removed AND image IS NOT NULL)
"""
# Whoever uses a picture moves checked_at: what was waited for here is then not due any more.
GIVE_UP_IMAGES = """
UPDATE image SET state = 'removing', checked_at = $3
WHERE restaurant_id = $1 AND hash = ANY($2::text[]) AND checked_at <= $4 AND hash NOT IN
    (SELECT image ->> 'hash' FROM item WHERE restaurant_id = $1 AND NOT removed AND image IS NOT NULL)
RETURNING hash
"""
REMOVE_IMAGES = """
DELETE FROM image WHERE restaurant_id = $1 AND hash = ANY($2::text[]) AND state = 'removing'
"""


async def open_uploads(tx: Transaction, now: datetime) -> int:
    """How many pictures are announced and not confirmed."""
    return int(await tx.fetchval(OPEN_UPLOADS, tx.tenant, now))


async def add_upload(tx: Transaction, upload: Upload, remove_at: datetime) -> None:
    """Remembers what was announced, until then."""
    known = (upload.id, upload.item_id, upload.content_type, upload.bytes)
    await tx.execute(ADD_UPLOAD, tx.tenant, *known, remove_at)


async def find_upload(tx: Transaction, upload_id: UUID, item_id: UUID, now: datetime) -> Upload | None:
    """None where none was announced for the item, or too long ago."""
    row = await tx.fetchrow(UPLOAD, tx.tenant, upload_id, item_id, now)
    if row is None:
        return None
    return Upload(row["id"], row["item_id"], row["content_type"], row["bytes"])


async def confirm_upload(tx: Transaction, upload_id: UUID) -> None:
    """It counts no longer among those that are open."""
    await tx.execute(CONFIRM_UPLOAD, tx.tenant, upload_id)


async def uploads_due(tx: Transaction, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(restaurant, upload) of all restaurants that are to be removed, oldest first."""
    return [(row["restaurant_id"], row["upload_id"]) for row in await tx.fetch(UPLOADS_DUE, now, limit)]


async def remove_uploads(tx: Transaction, upload_ids: Sequence[UUID]) -> None:
    """Forgets them."""
    await tx.execute(REMOVE_UPLOADS, tx.tenant, upload_ids)


async def count_images(tx: Transaction) -> int:
    """How many the restaurant has, used or not."""
    return int(await tx.fetchval(COUNT_IMAGES, tx.tenant))


async def stored_images(tx: Transaction, hashes: Collection[str]) -> list[StoredImage]:
    """Those of them that lie with the restaurant."""
    return [StoredImage(*row) for row in await tx.fetch(STORED_IMAGES, tx.tenant, list(hashes))]


async def image_holders(tx: Transaction, hashes: Collection[str]) -> list[StoredImage]:
    """Of each of them one restaurant, whichever, with which it lies."""
    return [StoredImage(*row) for row in await tx.fetch(IMAGE_HOLDERS, list(hashes))]


async def claim_images(tx: Transaction, found: Sequence[StoredImage], now: datetime) -> set[str]:
    """Remembers that their files are about to be written; those of them that may be."""
    documents = [{"hash": each.hash, "width": each.width, "height": each.height} for each in found]
    return {row["hash"] for row in await tx.fetch(CLAIM_IMAGES, tx.tenant, documents, now)}


async def use_images(tx: Transaction, hashes: Collection[str], now: datetime) -> set[str]:
    """Items have them from now on; those of them that are there."""
    return {row["hash"] for row in await tx.fetch(USE_IMAGES, tx.tenant, sorted(hashes), now)}


async def images_due(tx: Transaction, before: datetime, limit: int) -> list[tuple[UUID, str]]:
    """(restaurant, hash) of all restaurants that nobody looked at since ``before``, oldest first."""
    return [(row["restaurant_id"], row["hash"]) for row in await tx.fetch(IMAGES_DUE, before, limit)]


async def keep_used_images(tx: Transaction, hashes: Sequence[str], now: datetime) -> None:
    """Those of them that an item has were looked at now."""
    await tx.execute(KEEP_USED_IMAGES, tx.tenant, hashes, now)


async def give_up_images(
    tx: Transaction, hashes: Sequence[str], due: datetime, checked_at: datetime
) -> list[str]:
    """Those that no item has and nobody used since ``due``: nobody uses them any more. They are looked at
    again as if it had last been at ``checked_at``, should their removal fail.
    """
    rows = await tx.fetch(GIVE_UP_IMAGES, tx.tenant, hashes, checked_at, due)
    return [row["hash"] for row in rows]


async def remove_images(tx: Transaction, hashes: Sequence[str]) -> None:
    """Forgets those that were given up."""
    await tx.execute(REMOVE_IMAGES, tx.tenant, hashes)


def image_document(of: Image | None) -> dict[str, Any] | None:
    """As an item keeps its picture."""
    if of is None:
        return None
    return {
        "hash": of.hash,
        "url": of.url,
        "thumbnail_url": of.thumbnail_url,
        "width": of.width,
        "height": of.height,
    }


def image_in(document: Mapping[str, Any] | None) -> Image | None:
    """The picture that an item keeps."""
    return None if document is None else Image(**document)
