"""What can be wrong with customers, invoices, printers and papers; raised by name, told by the chassis."""

from uuid import UUID

from chassis.errors import Conflict, FieldError, NotFound, Unprocessable


class UnknownCustomer(Unprocessable):
    """There is no such customer."""

    def __init__(self, customer_id: UUID) -> None:
        detail = f"There is no customer {customer_id}."
        super().__init__(detail, fields=[FieldError("customer_id", "UNKNOWN_CUSTOMER", detail)])


class CustomerNotFound(NotFound):
    """There is no such customer in this restaurant."""


class UnreadablePhone(Unprocessable):
    """No telephone number that can be dialled."""

    def __init__(self) -> None:
        detail = (
            "This is no telephone number; write it with its area code, from abroad with + and the country."
        )
        super().__init__(detail, fields=[FieldError("phone", "UNREADABLE_PHONE", detail)])


class ConsentSourceNeeded(Unprocessable):
    """Consent without a word on where it was given proves nothing."""

    def __init__(self) -> None:
        detail = "Say where they agreed to be written to, for example: till."
        super().__init__(detail, fields=[FieldError("consent_source", "CONSENT_SOURCE_NEEDED", detail)])


class InvoiceNotFound(NotFound):
    """There is no such invoice or credit note in this restaurant."""


class CustomerNeeded(Unprocessable):
    """An invoice is for somebody: one customer, or one name and address."""


class CustomerAddressNeeded(Unprocessable):
    """A full VAT invoice has the customer's address, and this customer has none."""


class NotAnInvoice(Conflict):
    """A credit note is not credited."""


class CreditTooLarge(Conflict):
    """More than what is left of the line; ``metadata`` has ``line_id``, ``left_minor``, ``left_quantity``."""


class CreditUnclear(Unprocessable):
    """Each line is credited once, by a quantity or by an amount."""


class PrinterNotFound(NotFound):
    """There is no such printer in this restaurant."""


class PrintJobNotFound(NotFound):
    """There is no such print job in this restaurant."""


class NoPrinter(Conflict):
    """No printer is set up for what is to be printed."""


class PrintJobOver(Conflict):
    """It is printed, here or elsewhere."""


class TooManyPrinters(Unprocessable):
    """More printers than a restaurant may have."""


class PrintUnclear(Unprocessable):
    """One thing is printed by one job."""


class UnknownPrinter(Unprocessable):
    """There is no such printer."""

    def __init__(self, field: str, printer_id: UUID) -> None:
        detail = f"There is no printer {printer_id}."
        super().__init__(detail, fields=[FieldError(field, "UNKNOWN_PRINTER", detail)])


class UnknownStation(Unprocessable):
    """There is no such station."""

    def __init__(self, station_id: UUID) -> None:
        detail = f"There is no station {station_id}."
        super().__init__(detail, fields=[FieldError("station_id", "UNKNOWN_STATION", detail)])


class NothingToPrint(Conflict):
    """There is nothing of it that a paper could say."""


class UnknownCheck(Unprocessable):
    """No paper can be had of such a check."""

    def __init__(self, check_id: UUID) -> None:
        detail = f"The order has no check {check_id}: it may have been split anew. Ask for its checks."
        super().__init__(detail, fields=[FieldError("check_id", "UNKNOWN_CHECK", detail)])
