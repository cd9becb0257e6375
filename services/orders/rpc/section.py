"""Sections of the floor."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import floor_service_pb2 as floor_api
from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceServicer

from chassis.db.commands import Answer
from chassis.rpc import current_principal
from services.orders.domain.section import Section
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.section import delete_section, list_sections, save_section
from services.orders.wire.section import section_message, wanted_section


def _saved(section: Section) -> floor_api.SaveSectionResponse:
    return floor_api.SaveSectionResponse(section=section_message(section))


def _deleted(_: None) -> floor_api.DeleteSectionResponse:
    return floor_api.DeleteSectionResponse()


SAVED = Answer(floor_api.SaveSectionResponse, _saved)
DELETED = Answer(floor_api.DeleteSectionResponse, _deleted)


class SectionRpc(FloorServiceServicer):
    """Listing, saving and removing."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListSections(
        self, request: floor_api.ListSectionsRequest, context: Context
    ) -> floor_api.ListSectionsResponse:
        sections = await list_sections(self._deps, current_principal().tenant)
        return floor_api.ListSectionsResponse(sections=[section_message(section) for section in sections])

    async def SaveSection(
        self, request: floor_api.SaveSectionRequest, context: Context
    ) -> floor_api.SaveSectionResponse:
        command, section = command_of("SaveSection", request), wanted_section(request.section)
        return await save_section(self._deps, command, section, not request.section.id, SAVED)

    async def DeleteSection(
        self, request: floor_api.DeleteSectionRequest, context: Context
    ) -> floor_api.DeleteSectionResponse:
        command, section_id = command_of("DeleteSection", request), UUID(request.section_id)
        return await delete_section(self._deps, command, section_id, DELETED)
