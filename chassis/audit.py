"""Who did what that matters for security or money: one structured line each, beside the other logs.

A line has ``part: audit``, the event's name, who acted (from the call in progress), and ids; tenant, trace
and request are added as to every line. Never a secret, never a name or an address of e-mail: ids lead there.
"""

import structlog

from chassis.auth import PrincipalKind
from chassis.rpc import current_call

# Whatever level the other logs are cut at: an audit that can be switched off by accident is none.
_log = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger("info"), part="audit")


def audit(event: str, **facts: object) -> None:
    """Writes down that ``event`` (``service.what_happened``) is done: call it after the commit.

    In a call that is answered with a stored reply nothing happened, and nothing is written.
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
    _log.info(event, **facts)
