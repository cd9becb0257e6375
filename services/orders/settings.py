"""Every variable of the orders service. Required ones have no default."""

from chassis.process.settings import ServiceSettings


class OrdersSettings(ServiceSettings):
    """The chassis' variables and where the peers are (host:port)."""

    service_name: str = "orders"
    auth_address: str
    catalog_address: str
    payments_address: str
