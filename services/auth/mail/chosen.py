"""The adapter that the settings name."""

from chassis.db import Database
from services.auth.mail import MailPort
from services.auth.mail.local import LocalMail
from services.auth.mail.resend import ResendMail
from services.auth.mail.smtp import SmtpMail, SmtpServer
from services.auth.settings import AuthSettings


def chosen_mail(settings: AuthSettings, db: Database) -> MailPort:
    """Ready to send."""
    if settings.mail_adapter == "smtp":
        password = settings.smtp_password
        server = SmtpServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password="" if password is None else password.get_secret_value(),
        )
        return SmtpMail(server, settings.mail_from)
    if settings.mail_adapter == "resend":
        assert settings.resend_api_key is not None
        return ResendMail(settings.resend_url, settings.resend_api_key.get_secret_value(), settings.mail_from)
    return LocalMail(db)
