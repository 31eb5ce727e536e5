"""What waits in the queues, as the broker has it."""

from django.conf import settings
from redis.exceptions import RedisError

from propagation.live.redis import connect
from propagation.live.workers import count_workers
from versions.canonical import JsonObject


def read_queues() -> JsonObject:
    """Return for each lane how many messages wait, and how many workers there are.

    is_reachable: whether Redis answers; without it nothing more is known.
    """
    try:
        with connect() as client:
            waiting = {
                lane: client.llen(f"{settings.REDIS_PREFIX}{lane}") for lane in settings.LANES
            }
        workers = count_workers()
    except RedisError:
        return {"is_reachable": False, "lanes": {}}
    lanes: JsonObject = {
        lane: {"queued": waiting[lane], "workers": workers[lane]} for lane in settings.LANES
    }
    return {"is_reachable": True, "lanes": lanes}
