"""The gRPC face: parse, run the use case, answer."""

from services.payments.rpc.channel import ChannelRpc
from services.payments.rpc.payments import PaymentsRpc
from services.payments.rpc.tills import TillRpc

__all__ = ["ChannelRpc", "PaymentsRpc", "TillRpc"]
