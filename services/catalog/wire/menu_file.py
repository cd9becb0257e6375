"""What an import did, and the formats of files."""

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.errors import InvalidArgument
from services.catalog.domain.menu_file.entries import Rejection
from services.catalog.domain.menu_file.plan import ImportResult

_FORMATS: dict[int, str] = {
    catalog_pb2.MENU_FORMAT_CSV: "csv",
    catalog_pb2.MENU_FORMAT_XLSX: "xlsx",
    catalog_pb2.MENU_FORMAT_JSON: "json",
}
_MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def format_in(number: int) -> str:
    """The word for a format. Raises InvalidArgument (UNKNOWN_FORMAT)."""
    if number not in _FORMATS:
        raise InvalidArgument("The format is CSV, XLSX or JSON.", reason="UNKNOWN_FORMAT")
    return _FORMATS[number]


def import_result(of: ImportResult) -> catalog_api.ImportMenuResponse:
    """What an import did, or would do."""
    return catalog_api.ImportMenuResponse(
        created=of.created,
        updated=of.updated,
        unchanged=of.unchanged,
        rejected=[_rejection(rejection) for rejection in of.rejected],
        menu_version=of.menu_version,
    )


def menu_file(content: bytes, file_format: str, name: str) -> catalog_api.ExportMenuResponse:
    """A file of a menu."""
    return catalog_api.ExportMenuResponse(
        content=content, media_type=_MEDIA_TYPES[file_format], file_name=f"{name}.{file_format}"
    )


def _rejection(of: Rejection) -> catalog_pb2.ImportRejection:
    return catalog_pb2.ImportRejection(row=of.row, field=of.field, detail=of.detail)
