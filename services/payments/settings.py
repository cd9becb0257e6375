"""The environment of the payments process."""

from chassis.process.settings import ServiceSettings


class PaymentsSettings(ServiceSettings):
    """``host:port`` of the services that payments read through to."""

    service_name: str = "payments"
    auth_address: str
    orders_address: str
