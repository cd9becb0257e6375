"""From a picture as it was sent to the two that are shown. Runs in a process of its own alone."""

import io

from PIL import Image, ImageCms, ImageOps

from services.catalog.domain.errors import UnreadableImage
from services.catalog.domain.image import FORMATS, MAX_PIXELS, MIN_SIDE, PAGE_SIDE, TILE_SIZE

AGAIN = "The picture cannot be read. Save it again as JPEG, PNG or WebP."
QUALITY = 80
TRANSPARENT = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})
STILL_OF_SEVERAL = "MPO"
"""A JPEG with others behind it, as telephones make them; the first is the picture."""

# Our own limit comes first, and refuses by name.
Image.MAX_IMAGE_PIXELS = None


def rendered(content: bytes, content_type: str) -> tuple[int, int, bytes, bytes]:
    """Width and height of the picture, the picture and its thumbnail. Raises UnreadableImage."""
    try:
        return _rendered(content, content_type)
    except UnreadableImage:
        raise
    except Exception as error:  # a decoder raises whatever it likes at a file that is none
        raise UnreadableImage(AGAIN) from error


def _rendered(content: bytes, content_type: str) -> tuple[int, int, bytes, bytes]:
    with Image.open(io.BytesIO(content), formats=[FORMATS[content_type]]) as found:
        _check(found)
        # A JPEG can be decoded smaller than it is, which spares most of the work.
        found.draft(None, (2 * PAGE_SIDE, 2 * PAGE_SIDE))
        profile = found.info.get("icc_profile")
        upright = ImageOps.exif_transpose(found)
    page = _plain(upright)
    page.thumbnail((PAGE_SIDE, PAGE_SIDE), Image.Resampling.LANCZOS)
    page = _in_srgb(page, profile)
    tile = ImageOps.fit(page, TILE_SIZE, Image.Resampling.LANCZOS)
    return page.width, page.height, _file(page), _file(tile)


def _check(found: Image.Image) -> None:
    """Before anything of it is decoded."""
    width, height = found.size
    if width * height > MAX_PIXELS:
        raise UnreadableImage(
            f"The picture has {width} by {height} pixels; {MAX_PIXELS} in all are the most. Make it smaller."
        )
    if min(width, height) < MIN_SIDE:
        raise UnreadableImage(f"The picture is too small: it needs {MIN_SIDE} pixels each way.")
    if getattr(found, "is_animated", False) and found.format != STILL_OF_SEVERAL:
        raise UnreadableImage("The picture moves. Send one that does not.")


def _plain(found: Image.Image) -> Image.Image:
    see_through = found.mode in TRANSPARENT or "transparency" in found.info
    return found.convert("RGBA" if see_through else "RGB")


def _in_srgb(found: Image.Image, profile: bytes | None) -> Image.Image:
    """In the colours of screens, for what is shown has no profile. An unreadable one is taken for theirs."""
    if not profile or found.mode != "RGB":
        return found
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(found, own, ImageCms.createProfile("sRGB"))
    except ImageCms.PyCMSError:
        return found
    return found if shown is None else shown


def _file(found: Image.Image) -> bytes:
    """Pixels and nothing else: not where a picture was taken, nor by which camera, nor what hides in it."""
    found.info = {}
    file = io.BytesIO()
    found.save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
