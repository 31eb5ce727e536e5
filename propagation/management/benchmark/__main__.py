"""Measure on the database that the environment names, and print the findings as JSON.

Called by `manage.py benchmark` with an environment of its own; not for a database that is used.
"""

import json
import sys
from dataclasses import asdict

import django
from django.core.management import call_command


def main(request: str) -> None:
    """Migrate, measure what is asked for, and print."""
    django.setup()
    from propagation.management.benchmark.findings import Scenario  # noqa: PLC0415
    from propagation.management.benchmark.measuring import measure_scenarios  # noqa: PLC0415

    asked = json.loads(request)
    call_command("migrate", interactive=False, verbosity=0)
    findings = measure_scenarios(
        scenarios=[Scenario(**one) for one in asked["scenarios"]],
        batch_sizes=asked["batch_sizes"],
        rounds=asked["rounds"],
    )
    sys.stdout.write(json.dumps(asdict(findings)))


if __name__ == "__main__":
    main(sys.argv[1])
