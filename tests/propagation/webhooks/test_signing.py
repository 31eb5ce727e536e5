"""Signatures, with the public package as the judge."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from propagation.webhooks.signing import (
    NotVerifiedError,
    make_secret,
    read_secret,
    sign_message,
    verify_message,
)

BODY = '{"type":"webhook.test","data":{}}'


def now() -> datetime:
    return datetime.now(UTC)


def sign(*secrets: str, at: datetime | None = None, body: str = BODY) -> dict[str, str]:
    return sign_message(message_id="msg_1", body=body, secret_texts=secrets, at=at or now())


def test_the_public_package_verifies_what_is_signed() -> None:
    secret = make_secret()
    assert Webhook(secret).verify(BODY, sign(secret)) == json.loads(BODY)


@given(st.text(), st.binary(min_size=24, max_size=64))
def test_any_text_is_signed_as_the_public_package_signs_it(text: str, key: bytes) -> None:
    secret = "whsec_" + b64encode(key).decode()
    body = json.dumps(text)
    at = now()
    signed = Webhook(secret).sign(msg_id="msg_1", timestamp=at, data=body)
    assert sign(secret, at=at, body=body)["webhook-signature"] == signed


def test_during_a_rotation_the_old_and_the_new_secret_verify() -> None:
    old, new = make_secret(), make_secret()
    headers = sign(new, old)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers)
        assert verify_message(headers=headers, body=BODY, secret=secret, at=now()) == "msg_1"
    with pytest.raises(WebhookVerificationError):
        Webhook(make_secret()).verify(BODY, headers)


def test_what_the_public_package_signs_is_verified() -> None:
    secret, at = make_secret(), now()
    signature = Webhook(secret).sign(msg_id="msg_1", timestamp=at, data=BODY)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v1a,abc {signature} v2,x",
    }
    assert verify_message(headers=headers, body=BODY, secret=secret, at=at) == "msg_1"


@pytest.mark.parametrize(
    "tampered",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ÄÖ"},
        {"webhook-signature": "v2,AAAA"},
    ],
)
def test_what_was_tampered_with_is_not_verified(tampered: dict[str, str]) -> None:
    secret = make_secret()
    headers = {**sign(secret), **tampered}
    with pytest.raises(NotVerifiedError):
        verify_message(headers=headers, body=BODY, secret=secret, at=now())
    with pytest.raises(NotVerifiedError):
        verify_message(headers=sign(secret), body=BODY + " ", secret=secret, at=now())


@pytest.mark.parametrize("late_s", [-301, 301])
def test_an_old_message_is_not_verified(late_s: int) -> None:
    secret = make_secret()
    headers = sign(secret, at=now() + timedelta(seconds=late_s))
    with pytest.raises(NotVerifiedError):
        verify_message(headers=headers, body=BODY, secret=secret, at=now())
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)


def test_secrets_are_32_random_bytes() -> None:
    made = {make_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(read_secret(one)) for one in made} == {32}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_" + b64encode(b"x" * 23).decode(),
        "whsec_" + b64encode(b"x" * 65).decode(),
        b64encode(b"x" * 32).decode(),
        "whsec_" + "ä" * 40,
        "whsec_" + "!" * 40,
    ],
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A secret is whsec_"):
        read_secret(text)
