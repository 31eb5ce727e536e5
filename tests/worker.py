"""A Celery worker for the tests, which tells the session through a pipe when it is ready."""

import os
import sys

from celery.signals import worker_ready

from config.celery import app


def main(lane: str, ready_fd: int) -> None:
    """Run a worker of the lane; write one byte to the pipe when it consumes."""

    @worker_ready.connect(weak=False)
    def tell(**_: object) -> None:
        os.write(ready_fd, b"1")

    app.worker_main(
        [
            "worker",
            "--queues",
            lane,
            "--hostname",
            f"{lane}-{os.getpid()}@%h",
            "--concurrency",
            "1",
            "--without-mingle",
            "--without-gossip",
            "--loglevel",
            "WARNING",
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
