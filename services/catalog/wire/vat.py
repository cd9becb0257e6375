"""VAT classes."""

from fynlo.catalog.v1 import catalog_pb2

from services.catalog.domain.vat import VatClass


def vat_class(of: VatClass) -> catalog_pb2.VatClass:
    """As the contract says it."""
    return catalog_pb2.VatClass(
        code=of.code,
        name=of.name,
        rates=[
            catalog_pb2.VatRate(
                effective_from=rate.effective_from.isoformat(),
                eat_in_bp=rate.eat_in_bp,
                takeaway_bp=rate.takeaway_bp,
            )
            for rate in of.rates
        ],
    )
