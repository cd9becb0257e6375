"""Pictures in a bucket of any store that speaks S3. Devices send and read them there, past this system.

``images/*`` of the bucket has to be readable by everybody, and nothing else of it.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chassis.errors import Unavailable

FOREVER = "public, max-age=31536000, immutable"
CONNECT_SECONDS = 2
READ_SECONDS = 5
ATTEMPTS = 2
MAX_CONNECTIONS = 16
AWAY = "The store of pictures does not answer. Try again in a moment."
T = TypeVar("T")


class S3Store:
    """An ImageStore. ``address``: what addresses of pictures begin with, if not with endpoint and bucket."""

    def __init__(
        self, endpoint: str, bucket: str, region: str, access_key: str, secret_key: str, address: str = ""
    ) -> None:
        # Read only where there is a bucket: it takes a third of a second.
        from botocore.config import Config
        from botocore.session import Session

        self._bucket = bucket
        self._address = (address or f"{endpoint.rstrip('/')}/{bucket}").rstrip("/")
        self._client: Any = Session().create_client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4",
                # One host for all buckets: the pages' policy names it.
                s3={"addressing_style": "path"},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": ATTEMPTS},
                max_pool_connections=MAX_CONNECTIONS,
                # Stores other than Amazon's do not know the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def upload_url(
        self, key: str, content_type: str, length: int, _now: datetime, lifetime: timedelta
    ) -> str:
        """An address of the store, which takes exactly this upload for so long by the library's own clock."""
        named = {"Bucket": self._bucket, "Key": key, "ContentType": content_type, "ContentLength": length}
        seconds = int(lifetime.total_seconds())
        url: str = self._client.generate_presigned_url("put_object", Params=named, ExpiresIn=seconds)
        return url

    def address(self, key: str) -> str:
        """An address of the store, or of what stands before it."""
        return f"{self._address}/{key}"

    async def read(self, key: str, limit: int) -> bytes | None:
        """At most ``limit`` bytes of it; None where it is not there. Raises Unavailable."""

        def read() -> bytes:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            with found["Body"] as body:
                content: bytes = body.read(limit)
            return content

        return await _asked(read)

    async def write(self, key: str, content: bytes, content_type: str) -> None:
        """Whole, or not at all. Raises Unavailable."""
        await _asked(
            lambda: self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, CacheControl=FOREVER
            )
        )

    async def copy(self, source: str, target: str) -> bool:
        """Whether there was something to copy. Raises Unavailable."""
        named = {"Bucket": self._bucket, "Key": source}
        copied = await _asked(
            lambda: self._client.copy_object(Bucket=self._bucket, Key=target, CopySource=named)
        )
        return copied is not None

    async def remove(self, keys: Sequence[str]) -> None:
        """What is not there is no matter. Raises Unavailable."""
        for key in keys:
            await _asked(lambda key=key: self._client.delete_object(Bucket=self._bucket, Key=key))  # type: ignore[misc]


async def _asked(question: Callable[[], T]) -> T | None:
    """None where there is no such object. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return await asyncio.to_thread(question)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            return None
        raise Unavailable(AWAY) from error
    except BotoCoreError as error:
        raise Unavailable(AWAY) from error
