"""What a bill, a payment or a till refuses, by name."""

from chassis.errors import AlreadyExists, Conflict, NotFound, PermissionDenied, Unprocessable


class MethodNotOffered(Unprocessable):
    """The restaurant cannot take this kind of payment now."""


class OrderNotFound(NotFound):
    """No such order in this restaurant."""


class OrderNotPayable(Conflict):
    """The order is still a draft: it has no bill."""


class BillClosed(Conflict):
    """The order was cancelled; its bill takes no money."""


class BillPaid(Conflict):
    """Nothing is left to pay."""


class BillHasMoney(Conflict):
    """Money was taken, so the bill cannot be closed as if it had not."""


class BillInconsistent(Unprocessable):
    """The figures of an order do not add up to its total."""


class CheckNotFound(NotFound):
    """The order is not split, or was split anew since."""


class CheckPaid(Conflict):
    """Nothing is left to pay on this check; ``metadata["check_id"]`` is it."""


class AmountAboveBalance(Unprocessable):
    """More than is due; what is too much is change or a tip, never silently one of them."""


class TenderedTooLittle(Unprocessable):
    """The cash handed over does not cover amount and tip."""


class CurrencyMismatch(Unprocessable):
    """One restaurant, one currency."""


class PaymentNotFound(NotFound):
    """No such payment in this restaurant."""


class PaymentIdTaken(AlreadyExists):
    """The id belongs to a payment with other content."""


class TillSessionNotFound(NotFound):
    """No such till session in this restaurant."""


class TillNotOpen(Conflict):
    """Cash needs an open till session."""


class TillAlreadyOpen(Conflict):
    """One open session per drawer; ``metadata["till_session_id"]`` is the open one."""


class DrawerAmount(Unprocessable):
    """A drawer event moves money, except the one that only opens the drawer."""


class DrawerShort(Unprocessable):
    """More would leave the drawer than is in it."""


class DrawerEventsFull(Conflict):
    """The session has as many drawer events as its report lists."""


class ApprovalNeeded(PermissionDenied):
    """Above what the caller may do alone; ``metadata`` has ``cause``, ``permission`` (what an approver
    holds) and ``limit_minor`` where there is one.
    """


class ApprovalInvalid(PermissionDenied):
    """The approval that came counts for nothing; ``metadata["fault"]`` says why."""


class ApprovalNeedsReason(Unprocessable):
    """What is approved is kept with its reason, and none was given."""


class VarianceNeedsReason(Unprocessable):
    """The count differs by more than the limit and nobody said why."""


class VarianceNeedsManager(ApprovalNeeded):
    """The count differs by more than the limit: a manager closes, or approves it."""


class HalfPaidOrders(Conflict):
    """Cash orders of this session have a balance: ``metadata["order_ids"]``, and in the same order their
    ``order_numbers`` and ``due_minor``, each a list with commas.
    """


class ReportNotYours(PermissionDenied):
    """The figures of a till that somebody else closed, for a person who may not read Z reports."""


class ZReportNotFound(NotFound):
    """The restaurant has issued no Z report of this number."""


class ZReportTampered(Conflict):
    """A stored Z report does not match its hash or its predecessor."""


class FeePresetUnknown(Unprocessable):
    """The restaurant's settings name a price list that does not exist."""


class FeeUnknown(Unprocessable):
    """The price list has no price for this method in this currency."""


class PartsAboveAmount(Unprocessable):
    """Tip and service charge are parts of the amount and cannot exceed it."""
