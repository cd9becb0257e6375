"""The menu as a whole."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db import Database
from chassis.rpc import current_principal, tenant_named
from services.catalog.rpc.part import PartOfCatalog
from services.catalog.usecases.menu.reading import MenuReader
from services.catalog.usecases.menu.search import MenuSearch
from services.catalog.usecases.ports import AskAuth, ImageStore
from services.catalog.wire.item import found_item
from services.catalog.wire.menu import MenuMessages


class MenuRpc(PartOfCatalog):
    """Reading."""

    def __init__(self, db: Database, ask_auth: AskAuth, files: ImageStore) -> None:
        super().__init__(db, ask_auth, files)
        self._reader = MenuReader(db, ask_auth, MenuMessages())
        self._search = MenuSearch(self._reader)

    async def GetMenu(
        self, request: catalog_api.GetMenuRequest, context: object
    ) -> catalog_api.GetMenuResponse:
        """The menu with stock and what is on sale now."""
        tenant = tenant_named(request.restaurant_id)
        return await self._reader.get(tenant, request.since_version, request.known_etag)

    async def SearchMenu(
        self, request: catalog_api.SearchMenuRequest, context: object
    ) -> catalog_api.SearchMenuResponse:
        """Items by what somebody types or scans."""
        found = await self._search.find(current_principal().tenant, request.query, request.limit)
        return catalog_api.SearchMenuResponse(items=[found_item(each) for each in found])
