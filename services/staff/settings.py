"""Every variable of the staff service."""

from chassis.process.settings import ServiceSettings


class StaffSettings(ServiceSettings):
    """Beside what every service needs."""

    service_name: str = "staff"
    auth_address: str
    """host:port of auth: key sets, and restaurants that no event has told of yet."""
