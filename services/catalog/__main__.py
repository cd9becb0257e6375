"""python -m services.catalog"""

from chassis.process.runtime import run
from services.catalog.main import build
from services.catalog.settings import CatalogSettings

run(CatalogSettings, build)
