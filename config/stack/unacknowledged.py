"""Giving back the messages that dead workers held."""

from typing import Any

from config.celery import app


def restore_unacknowledged() -> int:
    """Put every message that was delivered and not acknowledged back; return how many.

    Only for a Redis whose workers have all ended: a worker that lives would see its message run
    twice. Without this they would wait for the visibility timeout, an hour.
    """
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel  # kombu.transport.redis.Channel
        with channel.conn_or_acquire() as client:
            tags = client.zrange(channel.unacked_index_key, 0, -1)
            for tag in tags:
                channel.qos.restore_by_tag(tag, client)
    return len(tags)
