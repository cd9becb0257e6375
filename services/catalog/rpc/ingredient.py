"""Ingredients."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from fynlo.catalog.v1.stock_service_pb2_grpc import StockServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.catalog.domain.ingredient import Ingredient
from services.catalog.usecases import ingredient as ingredients
from services.catalog.wire.ingredient import ingredient, ingredient_in


def _saved(found: Ingredient) -> stock_api.SaveIngredientResponse:
    return stock_api.SaveIngredientResponse(ingredient=ingredient(found))


def _deleted(_: None) -> stock_api.DeleteIngredientResponse:
    return stock_api.DeleteIngredientResponse()


SAVED = Answer(stock_api.SaveIngredientResponse, _saved)
DELETED = Answer(stock_api.DeleteIngredientResponse, _deleted)


class IngredientRpc(StockServiceServicer):
    """Listing, saving and removing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ListIngredients(
        self, request: stock_api.ListIngredientsRequest, context: object
    ) -> stock_api.ListIngredientsResponse:
        """A page of ingredients by id."""
        page, tenant = page_of(request, BY_ID), current_principal().tenant
        found = await ingredients.list_ingredients(self._db, tenant, page.after, page.one_more)
        shown, following = page.cut(found, lambda one: one.id)
        return stock_api.ListIngredientsResponse(
            ingredients=[ingredient(each) for each in shown], next_cursor=following
        )

    async def SaveIngredient(
        self, request: stock_api.SaveIngredientRequest, context: object
    ) -> stock_api.SaveIngredientResponse:
        """A new ingredient, or one as the caller wants it."""
        command, wanted = command_of("SaveIngredient", request), ingredient_in(request.ingredient)
        return await ingredients.save_ingredient(self._db, command, wanted, not request.ingredient.id, SAVED)

    async def DeleteIngredient(
        self, request: stock_api.DeleteIngredientRequest, context: object
    ) -> stock_api.DeleteIngredientResponse:
        """An ingredient of which nothing is made."""
        command, ingredient_id = command_of("DeleteIngredient", request), parse_id(request.ingredient_id)
        return await ingredients.delete_ingredient(self._db, command, ingredient_id, DELETED)
