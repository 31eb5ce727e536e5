"""Signatures by Standard Webhooks 1.0.0: HMAC-SHA256 over id, time and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST_SECRET_BYTES, LONGEST_SECRET_BYTES = 24, 64
TOLERANCE_S = 300
"""A message that says it was sent longer ago, or later than now, may be an old one replayed."""


class NotVerifiedError(Exception):
    """The message was not signed with this secret, or not now."""


def make_secret() -> str:
    """Return a new secret, in the form in which both sides keep it."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign_message(
    *, message_id: str, body: str, secret_texts: Sequence[str], at: datetime
) -> dict[str, str]:
    """Return the headers that say who sent the body; a signature per secret, the newest first."""
    timestamp = str(int(at.timestamp()))
    signatures = [_sign(read_secret(text), message_id, timestamp, body) for text in secret_texts]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def verify_message(*, headers: Mapping[str, str], body: str, secret: str, at: datetime) -> str:
    """Return the message's id; NotVerifiedError unless it was signed with the secret, just now.

    headers: by name in small letters.
    """
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message_id, timestamp, given = (headers.get(name, "") for name in names)
    if not (message_id and timestamp and given):
        raise NotVerifiedError("A header is missing: webhook-id, -timestamp, -signature.")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):  # noqa: PLR2004
        raise NotVerifiedError("webhook-timestamp is no number of seconds.")
    if abs(int(timestamp) - at.astimezone(UTC).timestamp()) > TOLERANCE_S:
        raise NotVerifiedError("webhook-timestamp is too far from now.")
    expected = _sign(read_secret(secret), message_id, timestamp, body).encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in given.split(" ")):
        raise NotVerifiedError("No signature is of this secret and this body.")
    return message_id


def read_secret(text: str) -> bytes:
    """Return the bytes of a secret; ValueError for what is none."""
    try:
        found = b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError as error:
        raise ValueError(_describe_secret()) from error
    if not (
        text.startswith(PREFIX) and SHORTEST_SECRET_BYTES <= len(found) <= LONGEST_SECRET_BYTES
    ):
        raise ValueError(_describe_secret())
    return found


def _describe_secret() -> str:
    return (
        f"A secret is {PREFIX} and the base64 of {SHORTEST_SECRET_BYTES} to "
        f"{LONGEST_SECRET_BYTES} bytes."
    )


def _sign(key: bytes, message_id: str, timestamp: str, body: str) -> str:
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()
