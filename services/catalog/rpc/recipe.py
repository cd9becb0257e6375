"""Recipes."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from fynlo.catalog.v1.stock_service_pb2_grpc import StockServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from chassis.rpc import current_principal
from services.catalog.domain.recipe import Recipe
from services.catalog.usecases import recipe as recipes
from services.catalog.wire.recipe import recipe, recipe_in


def _set(found: Recipe) -> stock_api.SetRecipeResponse:
    return stock_api.SetRecipeResponse(recipe=recipe(found))


SET = Answer(stock_api.SetRecipeResponse, _set)


class RecipeRpc(StockServiceServicer):
    """Reading and setting."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetRecipe(
        self, request: stock_api.GetRecipeRequest, context: object
    ) -> stock_api.GetRecipeResponse:
        """What an item takes."""
        tenant, item_id = current_principal().tenant, parse_id(request.item_id)
        return stock_api.GetRecipeResponse(recipe=recipe(await recipes.get_recipe(self._db, tenant, item_id)))

    async def SetRecipe(
        self, request: stock_api.SetRecipeRequest, context: object
    ) -> stock_api.SetRecipeResponse:
        """What an item takes from now on."""
        command, wanted = command_of("SetRecipe", request), recipe_in(request.item_id, request.recipe)
        return await recipes.set_recipe(self._db, command, wanted, SET)
