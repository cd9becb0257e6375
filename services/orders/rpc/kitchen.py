"""The whole of fynlo.orders.v1.KitchenService."""

from services.orders.rpc.alarm import AlarmRpc
from services.orders.rpc.station import StationRpc
from services.orders.rpc.ticket import TicketRpc


class KitchenRpc(StationRpc, TicketRpc, AlarmRpc):
    """Stations, their tickets, and tickets in alarm."""
