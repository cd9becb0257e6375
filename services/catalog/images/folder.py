"""Pictures in a folder of this machine, which the gateway serves: for installations of one machine.

An upload's address holds what it is for, signed with a secret that catalog and gateway share (HMAC, RFC
7515), so that the gateway needs to ask nobody.
"""

import asyncio
import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OctKey

ALGORITHM = "HS256"


class FolderStore:
    """An ImageStore."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._folder = folder
        self._key = OctKey.import_key(secret)

    def upload_url(self, key: str, content_type: str, length: int, now: datetime, lifetime: timedelta) -> str:
        """A path of the gateway, which takes exactly this upload for so long."""
        expires = int((now + lifetime).timestamp())
        claims = {"key": key, "type": content_type, "bytes": length, "exp": expires}
        return f"/uploads/{jwt.encode({'alg': ALGORITHM}, claims, self._key)}"

    def address(self, key: str) -> str:
        """A path of the gateway."""
        return f"/{key}"

    async def read(self, key: str, limit: int) -> bytes | None:
        """At most ``limit`` bytes of it; None where it is not there."""
        return await asyncio.to_thread(_read, self._folder / key, limit)

    async def write(self, key: str, content: bytes, content_type: str) -> None:
        """Whole, or not at all."""
        await asyncio.to_thread(_write, self._folder / key, content)

    async def copy(self, source: str, target: str) -> bool:
        """Whether there was something to copy."""
        return await asyncio.to_thread(_copy, self._folder / source, self._folder / target)

    async def remove(self, keys: Sequence[str]) -> None:
        """With what was begun and not finished of them. What is not there is no matter."""
        await asyncio.to_thread(_remove, [self._folder / key for key in keys])


def _read(path: Path, limit: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> bool:
    content = _read(source, -1)
    if content is None:
        return False
    _write(target, content)
    return True


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        for found in (path, *path.parent.glob(f"{path.name}.*.part")):
            found.unlink(missing_ok=True)
        if path.parent.is_dir() and not os.listdir(path.parent):
            path.parent.rmdir()
