"""The picture of an item: what may be sent, where it lies and how long what nobody needs is kept.

A picture is known by the hash of what is shown of it, and lies under its restaurant: what two restaurants
show is there twice, so that nobody's picture goes when another one takes theirs off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from services.catalog.domain.errors import (
    ImageNotSent,
    TooManyImages,
    TooManyUploads,
    UnreadableImage,
)

MAX_UPLOAD_BYTES: Final = 8 * 1024 * 1024
MAX_PIXELS: Final = 25_000_000
"""What a camera of today makes of a plate. A file of a few bytes can claim more than memory holds."""
MIN_SIDE: Final = 32
PAGE_SIDE: Final = 1_200
"""How wide or high the picture is on a page, at most."""
TILE_SIZE: Final = (320, 240)
UPLOAD_LIFETIME: Final = timedelta(minutes=10)
"""How long an address takes an upload."""
UPLOAD_KEPT: Final = timedelta(minutes=20)
"""After this what was sent is removed, confirmed or not: no upload that began in time still runs then."""
MAX_OPEN_UPLOADS: Final = 50
"""Of a restaurant: announced and not confirmed."""
MAX_IMAGES: Final = 10_000
"""Of a restaurant: two for each item of the largest menu, for those that were replaced stay a day."""
MAX_COPIED_IMAGES: Final = 500
"""That one menu file may bring along: they are copied while somebody waits."""
UNUSED_KEPT: Final = timedelta(days=1)
"""How long a picture is not looked at again once somebody used it; then, where no item has it, it goes."""
HASH_CHARACTERS: Final = 40

SHOWN_TYPE: Final = "image/webp"
"""In which every picture is shown, whatever it came in."""
FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
)
"""What may be sent, as the contract names it and as the decoder does."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as an item shows it; width and height are those at ``url``."""

    hash: str
    url: str
    thumbnail_url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was made of an upload."""

    hash: str
    page: bytes
    tile: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that was announced."""

    id: UUID
    item_id: UUID
    content_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A picture that lies with a restaurant."""

    restaurant_id: UUID
    hash: str
    width: int
    height: int


def upload_key(restaurant_id: UUID, upload_id: UUID) -> str:
    """Where an upload lies until it is removed."""
    return f"uploads/{restaurant_id}/{upload_id}"


def page_key(restaurant_id: UUID, image_hash: str) -> str:
    """Where a picture lies."""
    return f"images/{restaurant_id}/{image_hash}.webp"


def tile_key(restaurant_id: UUID, image_hash: str) -> str:
    """Where its thumbnail lies."""
    return f"images/{restaurant_id}/{image_hash}-tile.webp"


def check_open_uploads(count: int) -> None:
    """Raises TooManyUploads where no more may be announced."""
    if count >= MAX_OPEN_UPLOADS:
        raise TooManyUploads(
            f"{MAX_OPEN_UPLOADS} pictures are announced and not confirmed. Confirm them, or wait until they"
            " have expired."
        )


def check_images(count: int) -> None:
    """Raises TooManyImages where a restaurant may have no more."""
    if count >= MAX_IMAGES:
        raise TooManyImages(
            f"A restaurant has up to {MAX_IMAGES} pictures, and those that no item has go after a day."
        )


def check_copied(count: int) -> None:
    """Raises TooManyImages where a menu file brings more than may be copied at once."""
    if count > MAX_COPIED_IMAGES:
        raise TooManyImages(
            f"The file brings {count} pictures that are not here yet, and {MAX_COPIED_IMAGES} at once is the"
            " most: import it in parts."
        )


def sent(upload: Upload, content: bytes | None) -> bytes:
    """What was sent of an upload. Raises ImageNotSent, UnreadableImage where it is not what was announced."""
    if content is None:
        raise ImageNotSent("Nothing was sent yet: PUT the picture to the upload_url, then confirm.")
    if len(content) != upload.bytes:
        raise UnreadableImage(f"{upload.bytes} bytes were announced, and others were sent. Announce it anew.")
    return content
