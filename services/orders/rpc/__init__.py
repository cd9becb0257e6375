"""gRPC: a request is parsed, a use case runs, its answer is serialised."""

from services.orders.rpc.channels import ChannelsRpc
from services.orders.rpc.kitchen import KitchenRpc
from services.orders.rpc.orders import OrdersRpc

__all__ = ["ChannelsRpc", "KitchenRpc", "OrdersRpc"]
