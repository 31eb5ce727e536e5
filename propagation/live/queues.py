"""What the broker knows of the queues: messages that wait, and who takes them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from redis.exceptions import RedisError

from propagation.live.redis import connect
from propagation.live.workers import count_living

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Broker:
    """What Redis answered. messages: by lane. living: workers by lane, schedulers, couriers."""

    messages: Mapping[str, int]
    living: Mapping[str, int]


def read_broker() -> Broker | None:
    """Return what Redis knows; None when it does not answer."""
    try:
        with connect() as client:
            messages = {
                lane: client.llen(f"{settings.REDIS_PREFIX}{lane}") for lane in settings.LANES
            }
        return Broker(messages=messages, living=count_living())
    except RedisError as error:
        logger.warning("queues_without_redis error=%s", error)
        return None
