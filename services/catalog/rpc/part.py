"""What the parts of the service share."""

from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceServicer

from chassis.db import Database
from services.catalog.usecases.ports import AskAuth, ImageStore


class PartOfCatalog(CatalogServiceServicer):
    """Some methods of the contract. Everything about the caller has been checked before one runs."""

    def __init__(self, db: Database, ask_auth: AskAuth, files: ImageStore) -> None:
        self._db = db
        self._ask_auth = ask_auth
        self._files = files
