"""manage.py impact: what a change would do."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from propagation.management.changing import add_change_arguments, make_cause, read_change
from propagation.management.exits import Exit
from propagation.management.impact import show_impact
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from propagation.services.describe_preview import describe_items, describe_preview
from propagation.services.plans import store_plan
from propagation.services.propagate_change import preview_changes


class Command(OperatorCommand):
    help = (
        "Say what a change of an entity would do, and write nothing but the plan of it, which "
        "`propagate --plan` carries out within a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_change_arguments(parser)
        parser.add_argument("--items", action="store_true", help="list each target, and why")

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        change = read_change(options)
        entity = change.entity
        found = preview_changes(
            changes=[change], cause=make_cause(entity, options), at=timezone.now()
        )
        described = describe_preview(entity=entity, found=found)
        token = None
        if found.found is not None:
            token = store_plan(
                project=entity.project,
                found=found.found,
                bases={pk: found.base_versions[pk] for pk in found.contents},
                contents=found.contents,
                summary=described,
                actor=None,
                at=timezone.now(),
            ).token
        if options["items"]:
            described["items"] = describe_items(project=entity.project, found=found.found)
        show_impact(screen, described)
        screen.show_facts([("Plan", token or "none: nothing would change")])
        screen.show_json({**described, "plan_token": token})
        return Exit.OK
