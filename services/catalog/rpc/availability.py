"""What is off for now, and menus by time of day."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import menu_hours_service_pb2 as menu_hours_api
from fynlo.catalog.v1.menu_hours_service_pb2_grpc import MenuHoursServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from chassis.instants import instant
from chassis.rpc import current_principal
from services.catalog.domain.item import Item
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.rpc.part import PartOfCatalog
from services.catalog.usecases import availability
from services.catalog.usecases import timed_menu as timed_menus
from services.catalog.wire.item import item
from services.catalog.wire.timed_menu import timed_menu, timed_menu_in


def _switched(found: Item) -> catalog_api.SetItemAvailabilityResponse:
    return catalog_api.SetItemAvailabilityResponse(item=item(found))


def _option_switched(found: Item) -> menu_hours_api.SetOptionAvailabilityResponse:
    return menu_hours_api.SetOptionAvailabilityResponse(item=item(found))


def _saved(found: TimedMenu) -> menu_hours_api.SaveTimedMenuResponse:
    return menu_hours_api.SaveTimedMenuResponse(menu=timed_menu(found))


def _deleted(_: None) -> menu_hours_api.DeleteTimedMenuResponse:
    return menu_hours_api.DeleteTimedMenuResponse()


SWITCHED = Answer(catalog_api.SetItemAvailabilityResponse, _switched)
OPTION_SWITCHED = Answer(menu_hours_api.SetOptionAvailabilityResponse, _option_switched)
SAVED = Answer(menu_hours_api.SaveTimedMenuResponse, _saved)
DELETED = Answer(menu_hours_api.DeleteTimedMenuResponse, _deleted)


class AvailabilityRpc(PartOfCatalog):
    """Items that are off."""

    async def SetItemAvailability(
        self, request: catalog_api.SetItemAvailabilityRequest, context: object
    ) -> catalog_api.SetItemAvailabilityResponse:
        """An item taken off, perhaps until a time, or put back."""
        command, item_id = command_of("SetItemAvailability", request), parse_id(request.item_id)
        returns_at = instant(request, "returns_at")
        if request.until_next_day and returns_at is None:
            restaurant = await self._ask_auth(command.tenant)
            returns_at = availability.next_day_begins(restaurant, self._db.clock.now())
        return await availability.set_item_availability(
            self._db, command, item_id, request.available, SWITCHED, returns_at
        )


class MenuHoursRpc(MenuHoursServiceServicer):
    """fynlo.catalog.v1.MenuHoursService."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ListTimedMenus(
        self, request: menu_hours_api.ListTimedMenusRequest, context: object
    ) -> menu_hours_api.ListTimedMenusResponse:
        """All of them."""
        found = await timed_menus.list_timed_menus(self._db, current_principal().tenant)
        return menu_hours_api.ListTimedMenusResponse(menus=[timed_menu(each) for each in found])

    async def SaveTimedMenu(
        self, request: menu_hours_api.SaveTimedMenuRequest, context: object
    ) -> menu_hours_api.SaveTimedMenuResponse:
        """A new menu by time of day, or one as the caller wants it."""
        command, wanted = command_of("SaveTimedMenu", request), timed_menu_in(request.menu)
        return await timed_menus.save_timed_menu(self._db, command, wanted, not request.menu.id, SAVED)

    async def DeleteTimedMenu(
        self, request: menu_hours_api.DeleteTimedMenuRequest, context: object
    ) -> menu_hours_api.DeleteTimedMenuResponse:
        """One that is served no longer."""
        command, menu_id = command_of("DeleteTimedMenu", request), parse_id(request.menu_id)
        return await timed_menus.delete_timed_menu(self._db, command, menu_id, DELETED)

    async def SetOptionAvailability(
        self, request: menu_hours_api.SetOptionAvailabilityRequest, context: object
    ) -> menu_hours_api.SetOptionAvailabilityResponse:
        """An option taken off, or put back."""
        command, item_id = command_of("SetOptionAvailability", request), parse_id(request.item_id)
        return await availability.set_option_availability(
            self._db, command, item_id, parse_id(request.option_id), request.available, OPTION_SWITCHED
        )
