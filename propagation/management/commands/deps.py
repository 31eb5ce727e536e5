"""manage.py deps: what depends on an entity, or what it depends on."""

from argparse import ArgumentParser
from typing import Any

from propagation.management.dependencies import (
    Dependencies,
    describe_dependencies,
    list_tree,
    read_dependencies,
    write_dot,
)
from propagation.management.exits import Exit, refuse
from propagation.management.impact import write_counts
from propagation.management.lookup import find_entity, read_count
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen


class Command(OperatorCommand):
    help = "Show what depends on an entity, each once; with --up what it depends on itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("entity", help="its code, or project:code")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--down", type=read_count, metavar="N", help="so many steps; or all")
        which.add_argument("--up", type=read_count, metavar="N", help="so many steps the other way")
        parser.add_argument("--dot", action="store_true", help="write it for Graphviz")

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        if options["dot"] and options["json"]:
            msg = "Say --dot or --json, not both."
            raise refuse(msg)
        found = read_dependencies(
            entity=find_entity(options["entity"]),
            depth=options["down"] if options["up"] is None else options["up"],
            is_upstream=options["up"] is not None,
        )
        if options["dot"]:
            for line in write_dot(found):
                screen.say(line)
            return Exit.OK
        _show(screen, found)
        screen.show_json(describe_dependencies(found))
        return Exit.OK


def _show(screen: Screen, found: Dependencies) -> None:
    for level, pk in list_tree(found):
        node = found.graph.nodes[pk]
        state = found.states.get(pk)
        screen.say(f"{'  ' * level}{node.code} ({node.type}{f', {state}' if state else ''})")
    kinds = [found.graph.nodes[pk].kind for pk in found.distances]
    counts = {f"{kind}s": kinds.count(kind) for kind in ("asset", "shot", "sequence", "project")}
    screen.say(f"{len(kinds)} in all: {write_counts(counts)}")
