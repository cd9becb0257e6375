"""Menus from files."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.rpc import current_principal
from services.catalog.menu_file.reading import Readers
from services.catalog.rpc.part import PartOfCatalog
from services.catalog.usecases import menu_file
from services.catalog.usecases.ports import AskAuth, ImageStore
from services.catalog.wire.menu_file import format_in, import_result
from services.catalog.wire.menu_file import menu_file as exported

IMPORTED = Answer(catalog_api.ImportMenuResponse, import_result)


class MenuFileRpc(PartOfCatalog):
    """Importing and exporting."""

    def __init__(self, db: Database, ask_auth: AskAuth, files: ImageStore) -> None:
        super().__init__(db, ask_auth, files)
        self._readers = Readers()

    async def ImportMenu(
        self, request: catalog_api.ImportMenuRequest, context: object
    ) -> catalog_api.ImportMenuResponse:
        """A menu from a file."""
        asked = command_of("ImportMenu", request)
        command = menu_file.ImportMenu(
            tenant=asked.tenant,
            key=asked.key,
            content=request.content,
            format=format_in(request.format),
            dry_run=request.dry_run,
        )
        return await menu_file.import_menu(
            self._db, self._ask_auth, self._readers, self._files, command, IMPORTED
        )

    async def ExportMenu(
        self, request: catalog_api.ExportMenuRequest, context: object
    ) -> catalog_api.ExportMenuResponse:
        """The menu as a file."""
        file_format = request.format or "csv"
        tenant = current_principal().tenant
        content, name = await menu_file.export_menu(self._db, self._ask_auth, tenant, file_format)
        return exported(content, file_format, name)
