"""Pictures in a folder of this machine: taken by an address that the catalog signed, shown to everybody.

Where pictures lie in a bucket, devices send and read them there, and nothing of this is served.
"""

import asyncio
import re
import secrets
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from chassis.clock import Clock, SystemClock
from chassis.errors import InvalidArgument, Unauthenticated
from gateway.bodies import header

IMAGE_BYTES_MAX = 8_388_608
"""What the contract lets somebody announce."""
SHOWN_TYPE = "image/webp"
SHOWN = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""What lies at an address never changes. Opened as a page it may do nothing, whatever it is."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = re.compile(r"[0-9a-f]{40}(?:-tile)?\.webp")


class Upload(BaseModel):
    """What an address is for, as the catalog signed it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    key: str = Field(pattern=r"^uploads/[0-9a-f-]{36}/[0-9a-f-]{36}$")
    type: str
    bytes: int = Field(ge=1, le=IMAGE_BYTES_MAX)
    exp: int


def add_images(app: FastAPI, folder: Path, secret: str, clock: Clock | None = None) -> None:
    """Takes and shows the pictures of ``folder``."""
    key, clock = OctKey.import_key(secret), clock or SystemClock()

    async def take(request: Request) -> Response:
        upload = _signed(request.path_params["token"], key, clock.now())
        if header(request, b"content-type") != upload.type:
            raise InvalidArgument(f"send {upload.type}, as it was announced", reason="UPLOAD_MISMATCH")
        if header(request, b"content-length") != str(upload.bytes):
            raise InvalidArgument(
                f"send the {upload.bytes} bytes that were announced", reason="UPLOAD_MISMATCH"
            )
        await _keep(request, folder / upload.key, upload.bytes)
        return Response(status_code=204)

    async def show(request: Request) -> Response:
        restaurant_id, name = request.path_params["restaurant_id"], request.path_params["name"]
        if not (_ID.fullmatch(restaurant_id) and _NAME.fullmatch(name)):
            raise HTTPException(404)
        path = folder / "images" / restaurant_id / name
        if not await asyncio.to_thread(path.is_file):
            raise HTTPException(404)
        return FileResponse(path, media_type=SHOWN_TYPE, headers=SHOWN)

    app.add_route("/uploads/{token}", take, methods=["PUT"], include_in_schema=False)
    app.add_route("/images/{restaurant_id}/{name}", show, methods=["GET"], include_in_schema=False)


def _signed(token: str, key: OctKey, now: datetime) -> Upload:
    """Raises Unauthenticated (UPLOAD_UNKNOWN, UPLOAD_EXPIRED)."""
    try:
        upload = Upload.model_validate_json(jws.deserialize_compact(token, key, algorithms=["HS256"]).payload)
    except (JoseError, ValueError) as error:
        raise Unauthenticated("this is no address for an upload", reason="UPLOAD_UNKNOWN") from error
    if upload.exp <= now.timestamp():
        raise Unauthenticated("this address has expired: announce the picture anew", reason="UPLOAD_EXPIRED")
    return upload


async def _keep(request: Request, path: Path, expected: int) -> None:
    """Writes the body as it comes, whole or not at all. Raises InvalidArgument (UPLOAD_MISMATCH)."""
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    # The catalog removes with an upload what was begun of it, should this process end here.
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    file = await asyncio.to_thread(part.open, "wb")
    try:
        size = 0
        with file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > expected:
                    break
                await asyncio.to_thread(file.write, chunk)
        if size != expected:
            raise InvalidArgument(f"send the {expected} bytes that were announced", reason="UPLOAD_MISMATCH")
        await asyncio.to_thread(part.replace, path)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
