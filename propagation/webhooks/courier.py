"""Send what is due, many at a time: threads wait for receivers, the courier for nobody."""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from itertools import count

from django.conf import settings

from propagation.webhooks.address import read_allowed
from propagation.webhooks.sending import Answer, Outside, send_letter
from propagation.webhooks.store import (
    Claim,
    claim_deliveries,
    find_due,
    record_answer,
)

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 8
MOST_PER_WEBHOOK = 2
"""So that one whose receiver is slow leaves room for the others."""
PATIENCE_S = 0.1
"""A look ends when nobody has answered for so long; the answers are recorded by the next one."""
LONGEST_LOOK_S = 1.0
"""And when it took so long, however much is left to send: it is the turn of other jobs."""


class Dispatcher:
    """Keeps up to MOST_AT_ONCE messages on their way; only threads talk to receivers.

    Only the thread that calls it talks to the database, and never while it waits. What a
    dispatcher has claimed and not recorded when its process dies is sent again, by whichever
    courier looks next after the lease.
    """

    def __init__(self, *, outside: Outside | None = None) -> None:
        self._outside = outside
        self._pool: ThreadPoolExecutor | None = None
        self._flying: dict[Future[Answer], Claim] = {}
        self._turns = count(1)
        self._last_turn: dict[int, int] = {}

    @property
    def is_flying(self) -> bool:
        """Whether something is on its way whose answer is not recorded."""
        return bool(self._flying)

    def send_webhooks(self, *, at: datetime) -> int:
        """Record what came back, and send what is due; return how many answers were recorded."""
        ends = time.monotonic() + LONGEST_LOOK_S
        recorded = self._land(self._flying, at)
        while time.monotonic() < ends:
            while self._launch(at):
                continue  # one more of each webhook, as long as there is room
            if not self._flying:
                break
            done, _ = wait(self._flying, PATIENCE_S, return_when=FIRST_COMPLETED)
            if not done:
                break
            landed = self._land(done, at)
            if not landed:
                break
            recorded += landed
        return recorded

    def close(self, *, at: datetime, patience_s: float) -> None:
        """Record what comes back within this time; what does not is sent again by others."""
        wait(self._flying, patience_s)
        self._land(self._flying, at)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _launch(self, at: datetime) -> int:
        """Send the first due delivery of each webhook that has room; return how many."""
        room = MOST_AT_ONCE - len(self._flying)
        if room <= 0:
            return 0
        flying = Counter(claim.webhook_id for claim in self._flying.values())
        due = find_due(at=at, without=[pk for pk, n in flying.items() if n >= MOST_PER_WEBHOOK])
        # Whoever had no turn for the longest time comes first, so that nobody is left out.
        order = sorted(due, key=lambda pk: (self._last_turn.get(pk, 0), due[pk]))[:room]
        if not order:
            return 0
        claims = claim_deliveries(pks=[due[pk] for pk in order], at=at)
        for claim in claims:
            self._last_turn[claim.webhook_id] = next(self._turns)
            self._flying[self._submit(claim)] = claim
        return len(claims)

    def _submit(self, claim: Claim) -> Future[Answer]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="webhook")
        if self._outside is None:
            allowed = read_allowed(settings.WEBHOOK_ALLOWED_HOSTS)
            self._outside = Outside(allowed=allowed)
        return self._pool.submit(send_letter, claim.letter, self._outside)

    def _land(self, flights: Iterable[Future[Answer]], at: datetime) -> int:
        """Record the answers that are there; one that cannot be is tried while its lease holds."""
        recorded = 0
        for one in [flight for flight in flights if flight.done()]:
            claim = self._flying[one]
            try:
                record_answer(claim=claim, answer=_read_answer(one), at=at)
                recorded += 1
            except Exception:  # whatever it is, the others are recorded all the same
                logger.exception("webhook_answer_not_recorded delivery=%s", claim.delivery_id)
                if at < claim.leased_until:
                    continue
            del self._flying[one]
        return recorded


def _read_answer(flight: Future[Answer]) -> Answer:
    fault = flight.exception()
    if fault is None:
        return flight.result()
    logger.error("webhook_not_sent", exc_info=fault)
    return Answer(error=f"could not be sent: {type(fault).__name__}")


DISPATCHER = Dispatcher()
"""That of this process."""
