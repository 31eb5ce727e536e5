"""What a client accepts, where the answer has one form only."""

from collections.abc import Iterable

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneForm(BaseContentNegotiation):
    """Answers in its one form whatever the client accepts: a browser asks for image/png, say."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser of what was sent, if there is one."""
        media_type = request.content_type.partition(";")[0].strip()
        return next((one for one in parsers if one.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of problems; the answer itself is rendered already."""
        del request, format_suffix
        first = next(iter(renderers))
        return first, str(first.media_type)
