"""What happens once before the stack serves: migrations, and messages of dead workers."""

import sys

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from config.stack.unacknowledged import restore_unacknowledged
from propagation.live.workers import forget_workers


def count_pending_migrations() -> int:
    """Return how many migrations the database lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def prepare() -> None:
    """Bring the database up to date, and give back what dead workers held in the private Redis."""
    try:
        pending = count_pending_migrations()
    except OperationalError as error:
        sys.exit(f"the database does not answer: {error}")
    if pending:
        sys.stdout.write(f"applying {pending} migrations\n")
        call_command("migrate", interactive=False, verbosity=0)
    if settings.REDIS.is_private:
        # Else a start within ten seconds of a stop looks ready while its workers still start.
        forget_workers()
        if restored := restore_unacknowledged():
            sys.stdout.write(f"gave back {restored} messages that killed workers held\n")
