"""Uploads whose time is over, and pictures that no item has: they go by themselves, some at a time."""

import asyncio
from uuid import UUID

from chassis.db import Database
from chassis.db.sweeps import settle_each
from chassis.errors import Problem
from chassis.telemetry import get_logger
from services.catalog.usecases.image.upkeep import Due, images_due, remove_unused, remove_upload, uploads_due
from services.catalog.usecases.ports import ImageStore

SWEEP_EVERY_SECONDS = 60.0
UPLOADS_PER_SWEEP = 200
IMAGES_PER_SWEEP = 200

_log = get_logger("image-sweeper")


class ImageSweeper:
    """Removes from ``files`` what nobody needs any more."""

    def __init__(self, db: Database, files: ImageStore) -> None:
        self._db = db
        self._files = files
        self._gone = 0

    async def run(self) -> None:
        """Sweeps for ever; what fails is tried again in the next sweep."""
        while True:
            try:
                await self.sweep()
            except Problem as problem:
                _log.warning("a sweep failed", reason=problem.reason, detail=problem.detail)
            await asyncio.sleep(SWEEP_EVERY_SECONDS)

    async def sweep(self) -> int:
        """What is due by now, in bounds; how many uploads and pictures went."""
        before = self._gone
        await settle_each(await uploads_due(self._db, UPLOADS_PER_SWEEP), self._remove_upload, self._failed)
        await settle_each(await images_due(self._db, IMAGES_PER_SWEEP), self._remove_images, self._failed)
        return self._gone - before

    async def _remove_upload(self, upload: tuple[UUID, UUID]) -> bool:
        await remove_upload(self._db, self._files, *upload)
        self._gone += 1
        return True

    async def _remove_images(self, due: Due) -> bool:
        gone = await remove_unused(self._db, self._files, *due)
        self._gone += gone
        return gone > 0

    async def _failed(self, what: tuple[UUID, object], problem: Exception) -> None:
        reason = problem.reason if isinstance(problem, Problem) else repr(problem)
        _log.warning("a picture stays for now", restaurant_id=str(what[0]), reason=reason)
