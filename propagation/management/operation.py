"""What all commands of the operator have in common."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from propagation.exceptions import PlanStaleError
from propagation.management.exits import (
    DOMAIN_ERRORS,
    Exit,
    describe_error,
    find_exit,
    refuse,
)
from propagation.management.screen import Screen
from versions.canonical import check_storable


def add_json(parser: ArgumentParser) -> None:
    """Add the option that every command has."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document, and nothing else"
    )


class OperatorCommand(BaseCommand):
    """A command of whoever runs the machine, who may see and do everything.

    Errors of the domain are one sentence on standard error and an exit code (`Exit`); with --json
    they are a document {"error": …} as well.
    """

    requires_system_checks = ()  # 0.3 s; `manage.py check` is part of `make check`

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --json; verbs that are parsers of their own add it themselves."""
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (Django's signature)
        """Act, and turn what goes wrong into a sentence and an exit code."""
        del args
        screen = Screen(
            out=self.stdout,
            err=self.stderr,
            is_json=options["json"],
            has_color=not options.get("no_color"),
        )
        try:
            _check_texts(options)
            code = self.act(screen, options)
        except CommandError as error:
            screen.show_json({"error": {"code": "refused", "detail": str(error)}})
            raise
        except DOMAIN_ERRORS as error:
            screen.show_json({"error": describe_error(error)})
            if isinstance(error, PlanStaleError):
                _list_delta(screen, error)
            raise refuse(str(error), find_exit(error)) from error
        except (OperationalError, InterfaceError) as error:
            msg = f"The database cannot be used: {error}"
            raise refuse(msg, Exit.UNAVAILABLE) from error
        except KeyboardInterrupt as error:
            raise SystemExit(Exit.INTERRUPTED.value) from error
        if code:
            raise SystemExit(int(code))

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        """Do what the command is for, and return what to end with."""
        raise NotImplementedError


def _check_texts(options: dict[str, Any]) -> None:
    """Refuse texts that no database holds: a terminal may send bytes that are no UTF-8."""
    try:
        check_storable(options)
    except ValueError as error:
        msg = f"This cannot be stored: {error}."
        raise refuse(msg) from error


def _list_delta(screen: Screen, error: PlanStaleError) -> None:
    for name, codes in error.delta.items():
        if codes:
            screen.warn(f"{name}: {', '.join(codes)}")
