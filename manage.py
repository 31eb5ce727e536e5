#!/usr/bin/env python
"""Run a management command of Continuity."""

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command; what a person can mend is said in one line, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (interruptible)
    from django.db.utils import OperationalError, ProgrammingError  # noqa: PLC0415

    from config.environment import HomeError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except HomeError as error:
        sys.exit(str(error))
    except (OperationalError, ProgrammingError) as error:
        if not any(text in str(error) for text in ("no such table", "does not exist")):
            raise
        sys.exit(f"The database is not set up ({error}); run `manage.py migrate` or `make up`.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
