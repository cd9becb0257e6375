"""Every variable of the process (prefix FYNLO_)."""

from chassis.process.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    """The base settings and where the peers are, as host:port."""

    service_name: str = "catalog"
    auth_address: str
    orders_address: str
