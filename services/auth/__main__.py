"""The process: ``python -m services.auth``."""

from chassis.runtime import run
from services.auth.main import build
from services.auth.settings import AuthSettings

if __name__ == "__main__":
    run(AuthSettings, build)
