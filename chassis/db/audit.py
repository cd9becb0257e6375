"""Who did what that matters for security or money: a record in the transaction of what it tells, and a line
beside the other logs when that is committed.

A record has the event's name, who acted and on which device (from the call in progress), ids, trace and
request. Never a secret, never a name or an address of e-mail: ids lead there.
"""

from chassis.auth import PrincipalKind
from chassis.db import Transaction
from chassis.db.audit_records import pending_record
from chassis.rpc import current_call


def audit(tx: Transaction, event: str, **facts: object) -> None:
    """Records that ``event`` (``service.what_happened``) is done if, and only if, ``tx`` commits.

    In a call that is answered with a stored reply nothing happened, and nothing is recorded. Raises
    ValueError for facts of more than FACTS_MAX_BYTES, a mistake of the caller.
    """
    call = current_call()
    if call is not None and call.replayed:
        return
    principal = None if call is None else call.principal
    if principal is not None and principal.kind is PrincipalKind.SERVICE:
        facts = {"actor": f"service:{principal.name}", **facts}
    elif principal is not None:
        facts = {
            "actor": str(principal.subject),
            "session_id": str(principal.session_id),
            "device_id": principal.device_id,
            **facts,
        }
    tx.record(pending_record(event, facts))
