"""manage.py token: make a user, give them a role, print a bearer token."""

import argparse
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from assets.management.projects import select_projects
from assets.models import Membership, Project, Role
from propagation.exceptions import LimitExceededError
from propagation.models import Scope
from propagation.models.access_token import NAME_LENGTH
from propagation.services.access_tokens import LIFE, LONGEST_LIFE, make_token


class Command(BaseCommand):
    help = "Make the user if need be, and print a bearer token for the API as the last line."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--superuser", action="store_true", help="may see and do everything")
        parser.add_argument("--project", help="code of a project that the user becomes member of")
        parser.add_argument("--role", choices=Role.values, default=None)
        parser.add_argument(
            "--scope",
            choices=Scope.values,
            default=Scope.ADMIN.value,
            help="what the token is for; it never may more than its user (default: %(default)s)",
        )
        parser.add_argument(
            "--only",
            metavar="PROJECT",
            action="append",
            help="code of a project that the token is for; again for more (default: all)",
        )
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument(
            "--expires-days",
            type=_read_days,
            default=LIFE.days,
            metavar="DAYS",
            help=f"1 to {LONGEST_LIFE.days} (default: %(default)s)",
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["project"]) != bool(options["role"]):
            msg = "--project and --role go together."
            raise CommandError(msg, returncode=2)
        if not 0 < len(options["name"]) <= NAME_LENGTH:
            msg = f"--name has 1 to {NAME_LENGTH} characters."
            raise CommandError(msg, returncode=2)
        only = [select_projects(code).get() for code in options["only"] or ()]
        user, is_new = User.objects.get_or_create(username=options["username"])
        if is_new:
            user.set_unusable_password()
        if options["superuser"]:
            user.is_staff = user.is_superuser = True
        user.save()
        if options["project"]:
            self._join(user, options["project"], options["role"])
        self.stdout.write(self._make(user, only, options))

    def _join(self, user: User, project_code: str, role: str) -> None:
        project = select_projects(project_code).get()
        Membership.objects.update_or_create(
            project=project, user=user, defaults={"role": Role(role)}
        )

    def _make(self, user: User, only: list[Project], options: dict[str, Any]) -> str:
        try:
            made = make_token(
                user=user,
                name=options["name"],
                scope=Scope(options["scope"]),
                life=timedelta(days=options["expires_days"]),
                projects=only or None,
                actor=None,
                at=timezone.now(),
            )
        except LimitExceededError as error:
            raise CommandError(str(error)) from error
        return made.text


def _read_days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= LONGEST_LIFE.days:
        msg = f"{text!r} is no number of days from 1 to {LONGEST_LIFE.days}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
