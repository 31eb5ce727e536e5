"""How somebody wants to be told."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models


class Mail(models.TextChoices):
    """Which mail somebody gets."""

    NONE = "none"
    EACH = "each", "each: soon after each notification"
    DIGEST = "digest", "digest: once a day, all that is unread"


class NoticePreference(models.Model):
    """How one person wants to be told; without a row, as the defaults say.

    No mail until somebody asks for it: the inbox has everything, and the first run over a film
    would else fill the mailboxes of people who never heard of this. Written by
    `propagation.services.edit_preference`, which moves mail that is due along.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="notice_preference",
    )
    mail = models.CharField(max_length=8, choices=Mail, default=Mail.NONE)
    digest_hour = models.PositiveSmallIntegerField(
        default=7, validators=[MaxValueValidator(23)], help_text="0 to 23, UTC."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(mail__in=Mail.values), name="mail_is_known"),
            models.CheckConstraint(
                condition=models.Q(digest_hour__lte=23), name="digest_hour_is_of_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.mail}"
