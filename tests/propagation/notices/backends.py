"""Mail servers that do not do what they should."""

from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection


class RefusingBackend(EmailBackend):
    """Refuses the addresses of one host, and takes all others; sends nothing inside a lock."""

    depth = 0
    """Of transactions around the test."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        """Raise for an address that is refused."""
        assert len(connection.savepoint_ids) <= self.depth, "a transaction is open"
        for message in messages:
            if message.to[0].endswith("@refused.example"):
                raise SMTPRecipientsRefused({message.to[0]: (550, b"no such user")})
        return super().send_messages(messages)


class DeadBackend(EmailBackend):
    """Takes the mail, and then its client dies."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        """Send, and do not come back."""
        super().send_messages(messages)
        raise SystemExit
