"""The whole of fynlo.staff.v1.StaffService."""

from services.staff.rpc.employee import EmployeeRpc
from services.staff.rpc.time_card import TimeCardRpc


class StaffRpc(EmployeeRpc, TimeCardRpc):
    """Employees and their time cards."""
