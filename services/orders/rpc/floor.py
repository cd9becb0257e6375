"""The whole of fynlo.orders.v1.FloorService."""

from services.orders.rpc.section import SectionRpc
from services.orders.rpc.table import TableRpc


class FloorRpc(SectionRpc, TableRpc):
    """Sections, and the tables in them."""
