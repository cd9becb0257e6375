"""Who calls, as an actor."""

from chassis.auth import Principal
from chassis.errors import PermissionDenied
from services.payments.domain.actor import Actor


def actor_of(principal: Principal) -> Actor:
    """The person behind a call. Raises PermissionDenied (PERSON_REQUIRED)."""
    if principal.subject is None:
        raise PermissionDenied("Only a person can do this.", reason="PERSON_REQUIRED")
    return Actor(principal.subject, principal.name, principal.device_id or "")
