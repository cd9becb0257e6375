"""A picture is decoded by a confined program: a file of a few bytes can unfold into gigabytes, and decoders
have had holes.
"""

import asyncio
import hashlib
import subprocess
import sys

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.catalog.confined import UNREADABLE, run_confined
from services.catalog.domain.errors import ImagesBusy, UnreadableImage
from services.catalog.domain.image import HASH_CHARACTERS, PAGE_SIDE, Rendered

DECODE_SECONDS = 8.0
"""The largest picture that is allowed takes two."""
WAIT_SECONDS = 6.0
"""How long a picture waits for its turn; with the decoding it stays within the time of a request."""
MAX_DECODERS = 2
"""Processes of this service that decode at the same time."""
MAX_RENDERED_BYTES = 2 * 1024 * 1024
"""Of the picture and its thumbnail together."""
WEBP = (b"RIFF", b"WEBP")
"""What a picture of ours begins with, around its length."""
BROKEN = "The picture cannot be read. Save it with another program."


class Made(BaseModel):
    """The first line of what the program writes; the picture and its thumbnail follow."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    width: int = Field(ge=1, le=PAGE_SIDE)
    height: int = Field(ge=1, le=PAGE_SIDE)
    page_bytes: int = Field(ge=1, le=MAX_RENDERED_BYTES)


class Decoders:
    """The processes that decode. ``argv`` is what is run; it gets the announced type as a word, the picture
    as its input.
    """

    def __init__(
        self,
        argv: tuple[str, ...] = (sys.executable, "-m", "services.catalog.images"),
        *,
        decode_seconds: float = DECODE_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._argv = argv
        self._decode_seconds = decode_seconds
        self._wait_seconds = wait_seconds
        self._free = asyncio.Semaphore(MAX_DECODERS)

    async def render(self, content: bytes, content_type: str) -> Rendered:
        """What is shown of a picture. Raises UnreadableImage, ImagesBusy."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise ImagesBusy("Many pictures are being read. Try again in a moment.") from None
        try:
            argv = (*self._argv, content_type)
            done = await asyncio.to_thread(run_confined, argv, content, self._decode_seconds)
        except subprocess.TimeoutExpired:
            raise UnreadableImage("The picture takes too long to read. Send a smaller one.") from None
        finally:
            self._free.release()
        if done.returncode == UNREADABLE:
            raise UnreadableImage(done.stdout.decode())
        if done.returncode != 0:
            raise UnreadableImage(BROKEN)
        return rendered_in(done.stdout)


def rendered_in(output: bytes) -> Rendered:
    """What the program made. It has looked at a stranger's file, so it is not believed either: nothing but
    two pictures of our own type leaves here. Raises UnreadableImage.
    """
    head, _, files = output.partition(b"\n")
    try:
        made = Made.model_validate_json(head)
    except ValidationError:
        raise UnreadableImage(BROKEN) from None
    page, tile = files[: made.page_bytes], files[made.page_bytes :]
    if len(files) > MAX_RENDERED_BYTES or not (_is_webp(page) and _is_webp(tile)):
        raise UnreadableImage(BROKEN)
    digest = hashlib.sha256(page).hexdigest()[:HASH_CHARACTERS]
    return Rendered(digest, page, tile, made.width, made.height)


def _is_webp(content: bytes) -> bool:
    return (content[:4], content[8:12]) == WEBP


def written(width: int, height: int, page: bytes, tile: bytes) -> bytes:
    """How the program hands over what it made."""
    made = Made(width=width, height=height, page_bytes=len(page))
    return made.model_dump_json().encode() + b"\n" + page + tile
