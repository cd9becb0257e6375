"""Every variable of the auth service."""

from pydantic import Field, SecretStr

from chassis.settings import ServiceSettings
from services.auth.domain.guessing import ADDRESS_FREE_FAILURES


class AuthSettings(ServiceSettings):
    """Beside what every service needs."""

    service_name: str = "auth"
    auth_signing_keys: SecretStr
    """A JWK set of Ed25519 private keys. The first signs, all verify: see tokens.SigningKeys for rotation."""
    auth_address_free_failures: int = Field(default=ADDRESS_FREE_FAILURES, ge=1, le=100_000)
    """Wrong passwords from one network address before it has to wait; more where many people share an
    address.
    """
