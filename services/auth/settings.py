"""Every variable of the auth service."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from chassis.process.settings import ServiceSettings
from services.auth.domain.guess import ADDRESS_FREE_FAILURES
from services.auth.domain.invitation import INVITATIONS_PER_HOUR

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class AuthSettings(ServiceSettings):
    """Beside what every service needs."""

    service_name: str = "auth"
    auth_signing_keys: SecretStr
    """A JWK set of Ed25519 private keys. The first signs, all verify: see tokens.SigningKeys for rotation."""
    auth_address_free_failures: int = Field(default=ADDRESS_FREE_FAILURES, ge=1, le=100_000)
    """Wrong passwords from one network address before it has to wait; more where many people share an
    address.
    """
    invitations_per_hour: int = Field(default=INVITATIONS_PER_HOUR, ge=1, le=100_000)
    """Of one restaurant."""

    public_url: str = Field(default="http://127.0.0.1:8080", pattern=r"^https?://[^/\s#?]+$")
    """Where browsers find the pages: what the links in mails begin with, without a slash at its end."""
    mail_adapter: Literal["local", "smtp", "resend"]
    """local: mails stay on this machine, in the log and on the page /outbox; for development only."""
    mail_from: str = Field(default="Fynlo <no-reply@fynlo.test>", min_length=3, max_length=254)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """none: only on loopback, where a relay of this machine takes it."""
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    resend_api_key: SecretStr | None = None
    resend_url: str = "https://api.resend.com"

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if self.mail_adapter == "smtp" and not self.smtp_host:
            raise ValueError("mail by SMTP needs FYNLO_SMTP_HOST")
        if self.mail_adapter == "smtp" and self.smtp_security == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("SMTP without TLS is for a relay on this machine; set FYNLO_SMTP_SECURITY")
        if self.mail_adapter == "resend" and self.resend_api_key is None:
            raise ValueError("mail by Resend needs FYNLO_RESEND_API_KEY")
        return self
