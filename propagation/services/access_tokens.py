"""Tokens for programs: make one, say what it may, revoke it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from knox.models import get_digest_token
from knox.settings import CONSTANTS

from assets.confining import confine
from assets.models import Membership, Project
from assets.setwise import select_ids, select_texts
from propagation.audit.trail import Entry, Trace, id_of, write_trails
from propagation.exceptions import LimitExceededError, TokenNotFoundError, TokenTooNarrowError
from propagation.models import AccessToken, Scope
from versions.canonical import JsonObject

LIFE = timedelta(days=90)
LONGEST_LIFE = timedelta(days=365)
USE_NOTED_EVERY = timedelta(hours=1)
KEPT_AFTER_END = timedelta(days=30)
"""How long one sees that a token is over."""
CREATED, REVOKED = "token_created", "token_revoked"
"""Actions in the audit trail."""


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token and its text, which nobody can read again."""

    token: AccessToken
    text: str


@transaction.atomic
def make_token(
    *,
    user: User,
    name: str,
    scope: Scope,
    at: datetime,
    actor: User | None,
    life: timedelta = LIFE,
    projects: Collection[Project] | None = None,
    made_with: AccessToken | None = None,
) -> NewToken:
    """Make a token that acts for the user; projects: the only ones that it reaches; None: all.

    made_with: the token that asks for it. The new one may no more, is for the same projects unless
    for fewer, ends no later, and goes with it. TokenTooNarrowError; LimitExceededError.
    """
    # Two who count at once would both find room.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    count = AccessToken.objects.filter(user=user, expiry__gt=at).count()
    if count >= settings.MAX_TOKENS:
        raise LimitExceededError("tokens", limit=settings.MAX_TOKENS, actual=count + 1)
    reached, expiry = projects, at + min(life, LONGEST_LIFE)
    if made_with is not None:
        reached = _narrow(made_with, scope, projects)
        expiry = min(expiry, made_with.expiry or expiry)
    digest, text = get_digest_token()
    token = AccessToken(
        digest=digest,
        token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=user,
        expiry=expiry,
        name=name,
        scope=scope,
        is_confined=reached is not None,
        made_with=made_with,
    )
    token.save(force_insert=True)
    token.projects.set(reached or ())
    _trace([token], CREATED, actor, at)
    return NewToken(token=token, text=text)


def _narrow(
    made_with: AccessToken, scope: Scope, projects: Collection[Project] | None
) -> Collection[Project] | None:
    """Return the projects of a token that this one makes; TokenTooNarrowError."""
    if not Scope(made_with.scope).includes(scope):
        detail = f"A token of the scope {made_with.scope!r} makes none of the scope {scope!r}."
        raise TokenTooNarrowError(detail)
    if not made_with.is_confined:
        return projects
    own = list(made_with.projects.all())
    return own if projects is None else [one for one in projects if one in own]


def list_tokens(*, user: User, seen_by: AccessToken | None) -> QuerySet[AccessToken]:
    """Return the user's tokens, newest first; seen_by: of those the token that asks may see.

    That is itself and what it made, so that whoever finds a token cannot look around with it.
    """
    rows: QuerySet[AccessToken] = AccessToken.objects.filter(user=user)
    if seen_by is not None:
        rows = rows.filter(Q(pk=seen_by.pk) | Q(made_with=seen_by))
    return rows.prefetch_related("projects").order_by("-created", "-code")


@transaction.atomic
def revoke_tokens(*, tokens: QuerySet[AccessToken], actor: User | None, at: datetime) -> int:
    """Revoke these, and what was made with them; return how many that were.

    What they opened ends within SOCKET_CHECK_S.
    """
    found: dict[str, AccessToken] = {}
    level = list(tokens)
    while level:
        found |= {token.pk: token for token in level}
        level = list(AccessToken.objects.filter(made_with__in=[token.pk for token in level]))
    rows = AccessToken.objects.filter(pk__in=select_texts(found))
    gone = list(rows.select_related("user").prefetch_related("projects"))
    _trace(gone, REVOKED, actor, at)
    rows.delete()
    return len(gone)


def revoke_token(*, code: str, user: User, seen_by: AccessToken | None, at: datetime) -> None:
    """Revoke one of the user's tokens; TokenNotFoundError."""
    rows = list_tokens(user=user, seen_by=seen_by).filter(code=code)
    if not revoke_tokens(tokens=rows, actor=user, at=at):
        raise TokenNotFoundError


def open_token(*, token: AccessToken) -> User:
    """Return the user of a valid token as somebody who reaches no more than the token does."""
    user: User = token.user
    if token.is_confined:
        confine(user, list(token.projects.values_list("pk", flat=True)))
    return user


def find_open(*, digest: str, at: datetime) -> AccessToken | None:
    """Return the token of that digest, unless it is revoked or over, with its user."""
    rows = AccessToken.objects.filter(Q(expiry=None) | Q(expiry__gt=at), digest=digest)
    found: AccessToken | None = rows.select_related("user").first()
    return found


def note_use(*, token: AccessToken, at: datetime) -> None:
    """Remember that the token was used, at most once in USE_NOTED_EVERY.

    Who uses it does not fail because of that.
    """
    before = at - USE_NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > before:
        return
    unnoted = Q(last_used_at=None) | Q(last_used_at__lte=before)
    AccessToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=at)


def forget_tokens(*, at: datetime) -> int:
    """Delete the tokens that were over KEPT_AFTER_END ago; return how many."""
    forgotten, _ = AccessToken.objects.filter(expiry__lt=at - KEPT_AFTER_END).delete()
    return int(forgotten)


def _trace(tokens: Sequence[AccessToken], action: str, actor: User | None, at: datetime) -> None:
    """Leave an entry of each in every project that it reaches; three statements at most."""
    by_project: dict[int, list[Entry]] = {}
    for token, reached in _find_reached(tokens):
        entry = Entry(action=action, trace=_describe(token, actor, is_new=action == CREATED))
        for pk in reached:
            by_project.setdefault(pk, []).append(entry)
    write_trails(by_project, at=at)


def _find_reached(tokens: Sequence[AccessToken]) -> Iterator[tuple[AccessToken, Collection[int]]]:
    """Yield each token with the ids of the projects that it reaches; two statements."""
    users = {token.user_id for token in tokens}
    members = Membership.objects.filter(user__in=select_ids(users))
    own: dict[int, list[int]] = {}
    for user_id, project_id in members.values_list("user_id", "project_id"):
        own.setdefault(user_id, []).append(project_id)
    all_ids = list(Project.objects.values_list("pk", flat=True))
    for token in tokens:
        if token.is_confined:
            yield token, [project.pk for project in token.projects.all()]
        else:
            yield token, all_ids if token.user.is_superuser else own.get(token.user_id, [])


def _describe(token: AccessToken, actor: User | None, *, is_new: bool) -> Trace:
    said: JsonObject = {
        "user": token.user.get_username(),
        "scope": token.scope,
        "expires_at": token.expiry.isoformat() if token.expiry else None,
    }
    return Trace(
        actor_id=id_of(actor),
        name=token.name,
        before=None if is_new else said,
        after=said if is_new else None,
    )
