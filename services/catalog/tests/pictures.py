"""Pictures for tests, as cameras and programs write them, and as attackers do."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}
ORIENTATION, TURNED_RIGHT = 0x0112, 6
GPS = 0x8825


def a_picture(
    size: tuple[int, int] = (400, 300), content_type: str = JPEG, colour: str = "orange", **how: Any
) -> bytes:
    """One colour; the left half is red, so that it is seen how it stands."""
    picture = Image.new("RGB", size, colour)
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    picture.save(file, _FORMATS[content_type], **how)
    return file.getvalue()


def with_a_place(**tags: int) -> bytes:
    """A JPEG that says where it was taken and that it lies on its side."""
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED_RIGHT
    exif[0x010F] = "Canary Camera"
    exif.get_ifd(GPS)[1] = "N"
    return a_picture(exif=exif, comment=b"canary comment")


def moving(content_type: str) -> bytes:
    """Of three frames."""
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    frames[0].save(file, _FORMATS[content_type], save_all=True, append_images=frames[1:])
    return file.getvalue()


def a_png_of(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it has so many pixels, and has a part of them."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def a_page_in_a_png() -> bytes:
    """A picture with a web page in it and behind it."""
    page = b"<html><script>alert(1)</script></html>"
    png = a_picture(content_type=PNG)
    end = png.index(b"IEND") - 4
    return png[:end] + _chunk(b"tEXt", b"Comment\0" + page) + png[end:] + page


def shown(content: bytes) -> Image.Image:
    """What is seen of a picture of ours."""
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
