"""Promotions."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import discounts_service_pb2 as discounts_api

from chassis.db.commands import Answer
from chassis.rpc import current_principal
from services.orders.domain.promotion import Promotion
from services.orders.rpc.asking import Context, command_of
from services.orders.rpc.discount import DiscountRpc
from services.orders.usecases.promotion import delete_promotion, list_promotions, save_promotion
from services.orders.wire.promotion import promotion_message, wanted_promotion


def _saved(promotion: Promotion) -> discounts_api.SavePromotionResponse:
    return discounts_api.SavePromotionResponse(promotion=promotion_message(promotion))


def _deleted(_: None) -> discounts_api.DeletePromotionResponse:
    return discounts_api.DeletePromotionResponse()


SAVED = Answer(discounts_api.SavePromotionResponse, _saved)
DELETED = Answer(discounts_api.DeletePromotionResponse, _deleted)


class PromotionRpc(DiscountRpc):
    """Listing, saving and removing; with the discounts of people the whole DiscountsService."""

    async def ListPromotions(
        self, request: discounts_api.ListPromotionsRequest, context: Context
    ) -> discounts_api.ListPromotionsResponse:
        found = await list_promotions(self._deps, current_principal().tenant)
        return discounts_api.ListPromotionsResponse(promotions=[promotion_message(one) for one in found])

    async def SavePromotion(
        self, request: discounts_api.SavePromotionRequest, context: Context
    ) -> discounts_api.SavePromotionResponse:
        command, promotion = command_of("SavePromotion", request), wanted_promotion(request.promotion)
        return await save_promotion(self._deps, command, promotion, not request.promotion.id, SAVED)

    async def DeletePromotion(
        self, request: discounts_api.DeletePromotionRequest, context: Context
    ) -> discounts_api.DeletePromotionResponse:
        command, promotion_id = command_of("DeletePromotion", request), UUID(request.promotion_id)
        return await delete_promotion(self._deps, command, promotion_id, DELETED)
