"""Lists as CSV (RFC 4180), for whoever asks for text/csv."""

import csv
import json
from collections.abc import Mapping
from datetime import datetime
from io import StringIO
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer

RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for a formula at the beginning of a cell (OWASP, CSV injection)."""


class CSVRenderer(BaseRenderer):
    """Writes a page of a list as a table with a header; JSON within cells where there is any."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,  # noqa: ANN401 (what a view answers)
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the table; a problem stays JSON."""
        if not isinstance(data, dict) or "data" not in data:
            written: bytes = JSONRenderer().render(data, accepted_media_type, renderer_context)
            return written
        columns = (renderer_context or {})["response"].columns
        text = StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)  # also where ; separates
        writer.writerow(columns)
        writer.writerows([_write_cell(row.get(name)) for name in columns] for row in data["data"])
        return text.getvalue().encode()


def _write_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(RISKY) else text
