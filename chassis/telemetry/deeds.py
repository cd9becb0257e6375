"""What a person did in the daily business, one structured line each: an order placed, a ticket bumped.

Beside ``chassis.db.audit``, which keeps what matters for security or money. A line has ``part: deed``, the
event and facts: numbers, amounts, labels of tables and stations, ids. Never a name of a person.
"""

from chassis.rpc import current_call
from chassis.telemetry import get_logger

_log = get_logger("deed")


def deed(event: str, **facts: object) -> None:
    """Tells that ``event`` (``service.what_happened``) is done: call it after the commit.

    In a call that is answered with a stored reply nothing happened, and nothing is told.
    """
    call = current_call()
    if call is None or not call.replayed:
        _log.info(event, **facts)
