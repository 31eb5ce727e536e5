"""Write the OpenAPI document that the server answers, or say whether it is up to date."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from propagation.api.openapi.comparing import compare_documents
from propagation.api.openapi.views import DOCUMENT


class Command(BaseCommand):
    """manage.py openapi."""

    help = "Write the OpenAPI document after routes, parameters or answers changed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --check and --since."""
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when it would be another one"
        )

        parser.add_argument(
            "--since", metavar="FILE", help="say what differs from an older document; write nothing"
        )

    def handle(self, **options: Any) -> None:
        """Generate it, validate it, and write or compare it."""
        text = make_document()
        if options["since"]:
            before = json.loads(Path(options["since"]).read_text())
            self.stdout.write("\n".join(compare_documents(before, json.loads(text))))
        elif not options["check"]:
            DOCUMENT.write_text(text)
            self.stdout.write(f"wrote {DOCUMENT.name}, {len(text)} bytes")
        elif DOCUMENT.read_text() != text:
            msg = "The OpenAPI document is out of date; run: manage.py openapi"
            raise CommandError(msg)


def make_document() -> str:
    """Return the document of the routes as they are; CommandError for what cannot be described."""
    with GENERATOR_STATS.silence():
        document = SchemaGenerator().get_schema(request=None, public=True)
    faults = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]  # noqa: SLF001 (its own)
    if faults:
        raise CommandError("\n".join(faults))
    validate_schema(document)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
