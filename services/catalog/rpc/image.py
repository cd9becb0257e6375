"""Pictures of items."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import images_pb2
from fynlo.catalog.v1 import images_service_pb2 as images_api
from fynlo.catalog.v1.images_service_pb2_grpc import ImageServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.ids import new_id, parse_id
from chassis.instants import timestamp
from services.catalog.domain.image import Upload
from services.catalog.domain.item import Item
from services.catalog.usecases.image import giving as images
from services.catalog.usecases.image.giving import Announced, SeenItem
from services.catalog.usecases.ports import ImageStore, Render
from services.catalog.wire.item import item


def _started(found: Announced) -> images_api.StartImageUploadResponse:
    return images_api.StartImageUploadResponse(
        upload_id=str(found.upload.id),
        upload_url=found.url,
        headers=images_pb2.UploadHeaders(content_type=found.upload.content_type),
        expires_at=timestamp(found.expires_at),
    )


def _confirmed(found: Item) -> images_api.ConfirmImageUploadResponse:
    return images_api.ConfirmImageUploadResponse(item=item(found))


def _removed(found: Item) -> images_api.RemoveImageResponse:
    return images_api.RemoveImageResponse(item=item(found))


STARTED = Answer(images_api.StartImageUploadResponse, _started)
CONFIRMED = Answer(images_api.ConfirmImageUploadResponse, _confirmed)
REMOVED = Answer(images_api.RemoveImageResponse, _removed)


class ImageServiceRpc(ImageServiceServicer):
    """fynlo.catalog.v1.ImageService."""

    def __init__(self, db: Database, files: ImageStore, render: Render) -> None:
        self._db = db
        self._files = files
        self._render = render

    async def StartImageUpload(
        self, request: images_api.StartImageUploadRequest, context: object
    ) -> images_api.StartImageUploadResponse:
        """Where a picture is to be sent."""
        command = command_of("StartImageUpload", request)
        wanted = Upload(new_id(), parse_id(request.item_id), request.content_type, request.bytes)
        return await images.start_upload(self._db, self._files, command, wanted, STARTED)

    async def ConfirmImageUpload(
        self, request: images_api.ConfirmImageUploadRequest, context: object
    ) -> images_api.ConfirmImageUploadResponse:
        """An item with the picture that was sent."""
        command, upload_id = command_of("ConfirmImageUpload", request), parse_id(request.upload_id)
        seen = SeenItem(parse_id(request.item_id), request.version)
        return await images.confirm_upload(
            self._db, self._files, self._render, command, upload_id, seen, CONFIRMED
        )

    async def RemoveImage(
        self, request: images_api.RemoveImageRequest, context: object
    ) -> images_api.RemoveImageResponse:
        """An item without one."""
        command = command_of("RemoveImage", request)
        seen = SeenItem(parse_id(request.item_id), request.version)
        return await images.remove_image(self._db, command, seen, REMOVED)
