"""Bills and receipts."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import documents_service_pb2 as documents_api
from fynlo.orders.v1.documents_service_pb2_grpc import DocumentsServiceServicer

from chassis.db.commands import Answer
from chassis.ids import parse_id
from services.orders.domain.paper.document import WIDTH_DEFAULT, Document, Form
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.receipt import WantedReceipt, give_receipt


def _given(document: Document) -> documents_api.GetReceiptResponse:
    return documents_api.GetReceiptResponse(
        content=document.content, media_type=document.media_type, file_name=document.file_name
    )


GIVEN = Answer(documents_api.GetReceiptResponse, _given)


class ReceiptRpc(DocumentsServiceServicer):
    """Handing them out."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def GetReceipt(
        self, request: documents_api.GetReceiptRequest, context: Context
    ) -> documents_api.GetReceiptResponse:
        wanted = WantedReceipt(
            order_id=UUID(request.order_id),
            form=Form(request.format or Form.HTML),
            width=request.width or WIDTH_DEFAULT,
            check_id=parse_id(request.check_id) if request.check_id else None,
            with_allergens=request.allergens,
            is_preview=request.preview,
        )
        return await give_receipt(self._deps, command_of("GetReceipt", request), wanted, GIVEN)
