"""manage.py demo: the whole stack with a film in it, and one real change."""

import argparse
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console

from config.demo.performance import DemoError, perform
from config.demo.staging import PASSWORD_FILE, Staged, issue_token, stage_demo
from config.management.commands.up import (
    FIRST_FLOWER_PORT,
    FIRST_PORT,
    INTERRUPTED,
    read_port,
)
from config.stack.exceptions import StackError
from config.stack.run import run_stack
from config.stack.state import StackAddress, find_running

DATABASE_FILES = "continuity.sqlite3*"


class Command(BaseCommand):
    help = (
        "Start the stack, load the film Night Ferry, change one character through the API and "
        "follow the change to the last shot; then serve until Ctrl-C."
    )
    requires_system_checks = ()  # 0.3 s; `manage.py check` is part of `make check`

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop after the change")
        parser.add_argument(
            "--reset",
            action="store_true",
            help="empty the database and the Redis of this home first",
        )
        parser.add_argument("--port", type=read_port, default=FIRST_PORT, help="of the web server")
        parser.add_argument("--flower-port", type=read_port, default=FIRST_FLOWER_PORT)
        parser.add_argument("--no-flower", action="store_true", help="run without Flower")

    def handle(self, **options: Any) -> None:
        if options["reset"]:
            self._reset()
        try:
            code = run_stack(
                port=options["port"],
                flower_port=options["flower_port"],
                with_flower=not options["no_flower"],
                when_ready=partial(self.show, time.monotonic(), serves=not options["once"]),
                serve=not options["once"],
            )
        except (StackError, OSError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:  # before the supervisor listened to signals
            code = INTERRUPTED
        if code:
            raise SystemExit(code)

    def show(self, started_at: float, address: StackAddress, *, serves: bool) -> None:
        """Stage the film, make the change, and say where to look."""
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"\n✓ Ready after {time.monotonic() - started_at:.1f} s")
        staged = stage_demo(home=settings.HOME, at=timezone.now())
        console.print(f"✓ Film “{staged.project.name}”: {_count(staged)}")
        try:
            token = issue_token(user=staged.director, at=timezone.now())
            perform(web_url=address.web_url, token=token, console=console)
        except DemoError as error:
            raise SystemExit(f"The demo failed: {error}") from error
        if serves:
            self._describe(address, staged, token)

    def _describe(self, address: StackAddress, staged: Staged, token: str) -> None:
        password = f"in {staged.password_file}" if staged.password_file else "as you set it"
        self.stdout.write(f"  Admin    {address.web_url}/admin/")
        self.stdout.write(f"           user {staged.director.username}, password {password}")
        self.stdout.write(f"  API      {address.web_url}/api/v1/projects")
        self.stdout.write(f"           Authorization: Bearer {token}")
        if address.flower_url:
            self.stdout.write(f"  Flower   {address.flower_url}")
            self.stdout.write(
                f"           user {address.flower_user}, password in "
                f"{address.flower_password_file or 'FLOWER_BASIC_AUTH'}"
            )
        self.stdout.write("  Ctrl-C stops everything\n\n")

    def _reset(self) -> None:
        if find_running(settings.HOME):
            msg = "A stack runs in this home; stop it before you reset it."
            raise CommandError(msg)
        database = Path(settings.DATABASES["default"]["NAME"])
        if database.parent != settings.HOME:
            msg = "--reset empties the database in the home only, not that of DATABASE_URL."
            raise CommandError(msg)
        for path in [*settings.HOME.glob(DATABASE_FILES), settings.HOME / PASSWORD_FILE]:
            path.unlink(missing_ok=True)
        shutil.rmtree(settings.HOME / "redis", ignore_errors=True)
        shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)


def _count(staged: Staged) -> str:
    kinds = list(staged.project.entities.values_list("kind", flat=True))
    links = staged.project.references.count()
    return (
        f"{kinds.count('shot')} shots, {kinds.count('sequence')} sequences and acts, "
        f"{kinds.count('asset')} assets, {links} references, "
        f"{staged.storyboards} storyboards"
    )
