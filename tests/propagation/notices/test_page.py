"""docs/notifications.md names what there is."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import TextChoices

from config.environment import PROJECT_ROOT, read_mail
from propagation.models import Mail, Reason, SubscriptionMode

PAGE = (PROJECT_ROOT / "docs" / "notifications.md").read_text()


@pytest.mark.parametrize(
    ("heading", "words"), [("Watching", SubscriptionMode), ("Who is told", Reason), ("Mail", Mail)]
)
def test_the_page_has_a_row_for_each_word(heading: str, words: type[TextChoices]) -> None:
    section = PAGE.split(f"\n## {heading}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z]+)` \|", section, re.MULTILINE)
    assert [word for word in rows if word in words.values] == sorted(
        words.values, key=[*rows, *words.values].index
    )
    if words is Reason:
        assert rows == [*Reason.values[1:], "conflict"], "the strongest first"


def test_mail_becomes_files_unless_there_is_a_server(tmp_path: Path) -> None:
    found = read_mail(home=tmp_path, url="")
    assert found["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    assert found["EMAIL_FILE_PATH"] == str(tmp_path / "mail")
    given = read_mail(home=tmp_path, url="smtp+tls://ana:p%40ss@mail.example:587")
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS")
    assert [given[name] for name in names] == ["mail.example", 587, "ana", "p@ss", True]
    assert f"kept for {settings.NOTICES_KEPT_DAYS} days" in PAGE
