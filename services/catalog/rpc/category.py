"""Categories."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from services.catalog.domain.category import Category
from services.catalog.rpc.part import PartOfCatalog
from services.catalog.usecases import category as categories
from services.catalog.wire.category import category, category_in


def _created(found: Category) -> catalog_api.CreateCategoryResponse:
    return catalog_api.CreateCategoryResponse(category=category(found))


def _updated(found: Category) -> catalog_api.UpdateCategoryResponse:
    return catalog_api.UpdateCategoryResponse(category=category(found))


def _deleted(_: None) -> catalog_api.DeleteCategoryResponse:
    return catalog_api.DeleteCategoryResponse()


CREATED = Answer(catalog_api.CreateCategoryResponse, _created)
UPDATED = Answer(catalog_api.UpdateCategoryResponse, _updated)
DELETED = Answer(catalog_api.DeleteCategoryResponse, _deleted)


class CategoryRpc(PartOfCatalog):
    """Changing categories."""

    async def CreateCategory(
        self, request: catalog_api.CreateCategoryRequest, context: object
    ) -> catalog_api.CreateCategoryResponse:
        """A new category."""
        wanted = category_in(request.category)
        return await categories.create_category(
            self._db, command_of("CreateCategory", request), wanted, CREATED
        )

    async def UpdateCategory(
        self, request: catalog_api.UpdateCategoryRequest, context: object
    ) -> catalog_api.UpdateCategoryResponse:
        """A category as the caller wants it."""
        parse_id(request.category.id)
        wanted = category_in(request.category)
        return await categories.update_category(
            self._db, command_of("UpdateCategory", request), wanted, UPDATED
        )

    async def DeleteCategory(
        self, request: catalog_api.DeleteCategoryRequest, context: object
    ) -> catalog_api.DeleteCategoryResponse:
        """An empty category off the menu."""
        command, category_id = command_of("DeleteCategory", request), parse_id(request.category_id)
        return await categories.delete_category(self._db, command, category_id, DELETED)
