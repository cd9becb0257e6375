"""What is made of pictures from other people's cameras, and what is refused of them."""

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from services.catalog.confined import UNREADABLE
from services.catalog.domain.errors import ImagesBusy, UnreadableImage
from services.catalog.domain.image import MAX_PIXELS, PAGE_SIDE, TILE_SIZE
from services.catalog.images.decoding import MAX_DECODERS, Decoders, rendered_in, written
from services.catalog.images.rendering import rendered
from services.catalog.tests import pictures
from services.catalog.tests.pictures import JPEG, PNG, WEBP, a_picture, shown

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("content_type", [JPEG, PNG, WEBP])
def test_a_picture_is_shown_in_two_sizes(content_type: str) -> None:
    made = rendered(a_picture((2400, 1200), content_type), content_type)
    page, tile = shown(made[2]), shown(made[3])
    assert (page.format, page.size, made[:2]) == ("WEBP", (PAGE_SIDE, 600), (PAGE_SIDE, 600))
    assert (tile.format, tile.size) == ("WEBP", TILE_SIZE)


async def test_the_same_picture_has_the_same_name() -> None:
    first, again, other = [
        await Decoders().render(a_picture(colour=colour), JPEG) for colour in ("blue", "blue", "green")
    ]
    assert first == again
    assert first.hash != other.hash


def test_a_small_picture_is_not_blown_up() -> None:
    width, height, page, _ = rendered(a_picture((200, 100)), JPEG)
    assert (width, height) == shown(page).size == (200, 100)


def test_a_picture_stands_upright_and_says_nothing_of_its_camera_or_place() -> None:
    sent = pictures.with_a_place()
    assert b"canary" in sent.lower()
    width, height, page, tile = rendered(sent, JPEG)
    found = shown(page)
    assert (width, height) == found.size == (300, 400)
    red, _, blue = found.convert("RGB").getpixel((150, 20))  # type: ignore[misc]
    assert red > 200 > 100 > blue
    for made in (page, tile):
        assert b"canary" not in made.lower()
        assert not {"exif", "xmp", "icc_profile", "comment"} & shown(made).info.keys()


def test_what_can_be_seen_through_stays_so() -> None:
    content = io.BytesIO()
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(content, "PNG")
    _, _, page, _ = rendered(content.getvalue(), PNG)
    assert shown(page).getpixel((1, 1))[3] == 0  # type: ignore[index]


def test_a_page_hidden_in_a_picture_does_not_come_through() -> None:
    sent = pictures.a_page_in_a_png()
    assert sent.count(b"<script>") == 2
    _, _, page, tile = rendered(sent, PNG)
    assert b"<script>" not in page + tile


@pytest.mark.parametrize(
    ("content", "content_type", "words"),
    [
        (SVG, PNG, "cannot be read"),
        (b"<html><script>alert(1)</script></html>", JPEG, "cannot be read"),
        (b"", JPEG, "cannot be read"),
        (a_picture(content_type=PNG), JPEG, "cannot be read"),
        (a_picture((1200, 900))[:-2_000], JPEG, "cannot be read"),
        (a_picture((900, 900), PNG)[:900], PNG, "cannot be read"),
        (a_picture((900, 900), WEBP)[:-200], WEBP, "cannot be read"),
        (pictures.a_png_of(20_000, 20_000), PNG, "20000 by 20000"),
        (pictures.moving(PNG), PNG, "moves"),
        (pictures.moving(WEBP), WEBP, "moves"),
        (a_picture((400, 8)), JPEG, "too small"),
    ],
    ids=[
        "svg", "html", "none", "other-type", "cut-jpeg", "cut-png", "cut-webp", "huge", "apng", "awebp",
        "thin"
    ],
)  # fmt: skip
def test_what_is_no_still_picture_of_the_announced_type_is_refused(
    content: bytes, content_type: str, words: str
) -> None:
    with pytest.raises(UnreadableImage, match=words):
        rendered(content, content_type)


async def test_the_decoder_says_why_it_refuses() -> None:
    with pytest.raises(UnreadableImage, match="20000 by 20000"):
        await Decoders().render(pictures.a_png_of(20_000, 20_000), PNG)


def test_a_picture_at_the_limit_of_pixels_is_taken() -> None:
    side = int(MAX_PIXELS**0.5)
    assert rendered(a_picture((side, side)), JPEG)[:2] == (PAGE_SIDE, PAGE_SIDE)
    with pytest.raises(UnreadableImage, match="pixels"):
        rendered(a_picture((side + 1, side)), JPEG)


def script(code: str) -> Decoders:
    """Decoders that run something else."""
    return Decoders((sys.executable, "-c", code), decode_seconds=5, wait_seconds=0.2)


async def test_a_decoder_that_does_not_end_is_killed() -> None:
    slow = Decoders((sys.executable, "-c", "import time; time.sleep(60)"), decode_seconds=0.3)
    with pytest.raises(UnreadableImage, match="too long"):
        await slow.render(b"", JPEG)


async def test_a_decoder_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FYNLO_IMAGES_SECRET", "canary")
    told = script(f"import os, sys; print(' '.join(os.environ)); sys.exit({UNREADABLE})")
    with pytest.raises(UnreadableImage) as refused:
        await told.render(b"", JPEG)
    assert "FYNLO" not in refused.value.detail


async def test_a_decoder_that_a_picture_broke_is_not_believed() -> None:
    with pytest.raises(UnreadableImage):
        await script("import os; os.abort()").render(b"", JPEG)
    page = b"RIFF\x10\0\0\0WEBP <- looks like one"
    assert rendered_in(written(10, 20, page, page)).height == 20
    head = {"width": 10, "height": 20, "page_bytes": len(page)}
    for output in (
        b"<script>alert(1)</script>",
        written(10, 20, page, b"<html>"),
        written(10, 20, b"<html>", page),
        json.dumps({**head, "width": 10**9}).encode() + b"\n" + page + page,
        json.dumps({**head, "page_bytes": 10**9}).encode() + b"\n" + page + page,
        json.dumps(head).encode() + b"\n" + page + page + bytes(3_000_000),
    ):
        with pytest.raises(UnreadableImage):
            rendered_in(output)


async def test_more_pictures_than_are_read_at_once_are_asked_to_come_again(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    code = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nos.abort()"
    busy = script(code)
    waiting = [asyncio.create_task(busy.render(b"", JPEG)) for _ in range(MAX_DECODERS)]
    await asyncio.sleep(0.05)
    with pytest.raises(ImagesBusy):
        await busy.render(b"", JPEG)
    gate.touch()
    assert [type(end) for end in await asyncio.gather(*waiting, return_exceptions=True)] == [
        UnreadableImage
    ] * MAX_DECODERS
