"""The process: ``python -m services.orders``."""

from chassis.process.runtime import run
from services.orders.main import build
from services.orders.settings import OrdersSettings

run(OrdersSettings, build)
