"""``python -m services.payments``."""

from chassis.process.runtime import run
from services.payments.main import build
from services.payments.settings import PaymentsSettings

run(PaymentsSettings, build)
