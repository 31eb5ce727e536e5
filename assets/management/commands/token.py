"""manage.py token: make a user, give them a role, print a bearer token."""

import argparse
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from knox.models import AuthToken

from assets.management.projects import select_projects
from assets.models import Membership, Role


class Command(BaseCommand):
    help = "Make the user if need be, and print a bearer token for the API as the last line."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--superuser", action="store_true", help="may see and do everything")
        parser.add_argument("--project", help="code of a project that the user becomes member of")
        parser.add_argument("--role", choices=Role.values, default=None)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["project"]) != bool(options["role"]):
            msg = "--project and --role go together."
            raise CommandError(msg, returncode=2)
        user, is_new = User.objects.get_or_create(username=options["username"])
        if is_new:
            user.set_unusable_password()
        if options["superuser"]:
            user.is_staff = user.is_superuser = True
        user.save()
        if options["project"]:
            self._join(user, options["project"], options["role"])
        _, token = AuthToken.objects.create(user=user)
        self.stdout.write(token)

    def _join(self, user: User, project_code: str, role: str) -> None:
        project = select_projects(project_code).get()
        Membership.objects.update_or_create(
            project=project, user=user, defaults={"role": Role(role)}
        )
