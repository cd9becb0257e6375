"""What a menu, its stock or a file refuses, by name."""

from chassis.errors import AlreadyExists, Conflict, NotFound, ResourceExhausted, Stale, Unprocessable


class UnknownItem(NotFound):
    """There is no such item on this restaurant's menu."""


class UnknownCategory(NotFound):
    """There is no such category on this restaurant's menu."""


class UnknownTimedMenu(NotFound):
    """There is no such menu by time of day in this restaurant."""


class UnknownOption(NotFound):
    """The item has no such option."""


class InvalidReturn(Unprocessable):
    """What is taken off comes back at a time to come, within a year; ``fields`` says what is wrong."""


class InvalidMenu(Unprocessable):
    """The content breaks a rule; ``fields`` says which."""


class MenuTooLarge(Unprocessable):
    """More items, categories or bytes than a menu may have."""


class NameTaken(AlreadyExists):
    """Names are unique without regard to case: categories in a menu, items in a category."""


class BarcodeTaken(AlreadyExists):
    """No two items of a menu have the same barcode."""


class PluTaken(AlreadyExists):
    """No two items of a menu have the same PLU."""


class ItemInUse(Conflict):
    """Options of other items are it, or take of its stock."""


class CategoryNotEmpty(Conflict):
    """Items are still in it."""


class StaleVersion(Stale):
    """Somebody changed it after the caller read it."""

    def __init__(self, current: int) -> None:
        super().__init__("It was changed in the meantime.", metadata={"current_version": str(current)})


class InsufficientStock(Conflict):
    """Not all lines can be reserved, so none is. Metadata: the available count by item id."""


class NotCounted(Conflict):
    """Units of the item are not counted: a count is the first that can be told of its shelf."""


class UnknownIngredient(NotFound):
    """There is no such ingredient in this restaurant."""


class TooManyIngredients(Unprocessable):
    """More ingredients than a restaurant may have."""


class IngredientInUse(Conflict):
    """An item of the menu is made of it."""


class UnknownSupplier(NotFound):
    """There is no such supplier in this restaurant."""


class TooManySuppliers(Unprocessable):
    """More suppliers than a restaurant may have."""


class SupplierInUse(Conflict):
    """An item or ingredient comes from it."""


class OccurredAtOutOfRange(Unprocessable):
    """It is said to have happened too long ago, or not yet."""


class ReservationMismatch(Conflict):
    """The order has reserved other goods on one of these lines."""


class OrderFinished(Conflict):
    """The order is done or cancelled; it can reserve nothing any more."""


class NoVatRateYet(Unprocessable):
    """The day lies before the first rate of the class."""


class UnreadableMenuFile(Unprocessable):
    """Not a file of the stated format, or larger than a menu file may be."""


class ImportRunning(ResourceExhausted):
    """Another file of this restaurant is being read, or too many of others are."""

    reason = "IMPORT_RUNNING"


class UnknownUpload(NotFound):
    """No picture of this item was announced under this id, or too long ago."""


class ImageNotSent(Conflict):
    """It was announced, and nothing has arrived."""


class ImageBeingRemoved(Conflict):
    """The same picture, which nobody used, is going at this moment."""


class UnreadableImage(Unprocessable):
    """Not a picture of the announced type, or larger than one may be."""


class TooManyUploads(Unprocessable):
    """More pictures are announced and not confirmed than may be."""


class TooManyImages(Unprocessable):
    """More pictures than a restaurant may have, or a file may bring."""


class ImagesBusy(ResourceExhausted):
    """Other pictures are being read."""
