"""What a version of a slot of media says: type, where the file lies, and how it was made."""

import re
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from versions.canonical import JsonObject

SLOT_PATTERN = r"^[a-z][a-z0-9_]{0,63}\Z"
URL_LENGTH = 2048
SCHEMES = ("http", "https", "s3", "gs", "az", "file")
"""What a URL may begin with; never a scheme that a browser would run."""
_BAD_IN_URL = re.compile(r"[\s\x00-\x20\x7f-\x9f\\\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class MediaDocument:
    """The content of a media version.

    url: where the file lies; empty when it was uploaded, and file says what it was: `id`, `name`,
    `sha256`, `size` in bytes, `content_type`. provenance: `model`, `job_id`, `prompt`,
    `parameters`, as far as they are known.
    """

    type: str
    url: str = ""
    file: JsonObject = field(default_factory=dict)
    thumbnail_url: str = ""
    provenance: JsonObject = field(default_factory=dict)

    def write(self) -> JsonObject:
        """Return the document as JSON; what is not known is left out."""
        members: JsonObject = {
            "url": self.url,
            "file": self.file,
            "thumbnail_url": self.thumbnail_url,
            "provenance": self.provenance,
        }
        return {"type": self.type, **{key: value for key, value in members.items() if value}}


def read_media(content: JsonObject) -> MediaDocument:
    """Return the document that a media version's content holds."""
    return MediaDocument(
        type=cast("str", content["type"]),
        url=cast("str", content.get("url", "")),
        file=cast("JsonObject", content.get("file", {})),
        thumbnail_url=cast("str", content.get("thumbnail_url", "")),
        provenance=cast("JsonObject", content.get("provenance", {})),
    )


def check_url(url: str) -> None:
    """Raise ValueError for what is no absolute URL (RFC 3986) of a scheme that files lie behind."""
    if len(url) > URL_LENGTH:
        msg = f"A URL may have {URL_LENGTH} characters."
        raise ValueError(msg)
    if _BAD_IN_URL.search(url):
        msg = "A URL holds no white space, backslash or control character; percent-encode them."
        raise ValueError(msg)
    parts = urlsplit(url)  # ValueError for a broken IPv6 address
    _ = parts.port  # ValueError for one that is no number
    if parts.scheme.lower() not in SCHEMES:
        msg = f"A URL must begin with one of {', '.join(f'{one}://' for one in SCHEMES)}."
        raise ValueError(msg)
    is_local = parts.scheme.lower() == "file"
    if not (parts.hostname or (is_local and parts.path)):
        msg = "A URL names a host, or with file:// a path."
        raise ValueError(msg)
    if "@" in parts.netloc:
        msg = "A URL must not carry a user name or password: everybody in the project reads it."
        raise ValueError(msg)
