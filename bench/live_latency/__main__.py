"""Measure the latency for 1, 100 and 1 000 connected clients, and report."""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from bench.house import own_database, own_stack

PATIENCE_S = 60
HEAD = re.compile(r'{"v":1,"type":"(\w+)"(?:,"seq":(\d+))?')


@dataclass
class Client:
    """What one connection got. at: when each mark came."""

    at: dict[int, float] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)

    @property
    def is_in_order(self) -> bool:
        """Whether the numbers only ever grew."""
        return self.seqs == sorted(set(self.seqs))


async def listen(url: str, topic: str, client: Client, ready: asyncio.Event, marks: int) -> None:
    """Connect, subscribe, and take in messages until all marks have come."""
    from websockets.asyncio.client import connect  # noqa: PLC0415

    async with connect(
        url, proxy=None, max_size=None, compression=None, ping_interval=None
    ) as line:
        await line.send(json.dumps({"type": "subscribe", "topics": [topic]}))
        async for frame in line:
            now = time.monotonic()
            # All clients share this process: what it does per frame is not the server's time.
            kind, seq = HEAD.findall(str(frame))[0]
            if seq:
                client.seqs.append(int(seq))
            if kind == "latency_mark":
                client.at[json.loads(frame)["mark"]] = now
                if len(client.at) == marks:
                    return
            elif kind == "ready":
                ready.set()
            elif kind in {"gap", "bye", "error"}:
                msg = f"a client was told: {frame!r}"
                raise SystemExit(msg)


async def measure(address: str, token: str, sockets: int, options: Any) -> dict[str, Any]:  # noqa: ANN401
    """Connect so many clients, then measure while the lanes work."""
    import httpx  # noqa: PLC0415

    from bench.live_latency.work import FILM, WATCHED, Load, commit_marks, find_quantiles  # noqa: PLC0415

    topic = f"project:{FILM}" if sockets <= options.project_sockets else f"asset:{FILM}:{WATCHED}"
    clients = [Client() for _ in range(sockets)]
    tasks = []
    headers = {"Authorization": f"Bearer {token}"}
    base_url = f"{address}/api/v1"
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=PATIENCE_S) as api:
        for client in clients:
            ticket = (await api.post("/ws-tickets")).raise_for_status().json()["url"]
            url = address.replace("http", "ws", 1) + ticket
            ready = asyncio.Event()
            listening = listen(url, topic, client, ready, options.marks)
            tasks.append(asyncio.create_task(listening))
            await asyncio.wait_for(ready.wait(), PATIENCE_S)
    load = Load(base_url=base_url, headers=headers, lanes=options.lanes)
    load.start()
    started = time.monotonic()
    try:
        begun = await asyncio.to_thread(commit_marks, count=options.marks, every_s=options.every)
        await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_S)
        seconds = time.monotonic() - started
    finally:
        done = await asyncio.to_thread(load.stop)
    taken = [client.at[mark] - at for client in clients for mark, at in enumerate(begun)]
    return {
        "sockets": sockets,
        "topic": topic,
        "received": len(taken),
        "in_order": all(client.is_in_order for client in clients),
        "ms": find_quantiles(taken),
        "targets_per_s": round(done / seconds),
    }


def main() -> int:
    """Print the report; 1 when a message came out of order."""
    parser = argparse.ArgumentParser(prog="python -m bench.live_latency", description=__doc__)
    parser.add_argument("--sockets", type=int, nargs="+", default=[1, 100, 1000])
    parser.add_argument("--marks", type=int, default=100, help="commits that are measured")
    parser.add_argument("--every", type=float, default=0.1, help="seconds between them")
    parser.add_argument(
        "--lanes",
        nargs="*",
        default=["realtime", "batch", "background"],
        help="those that work meanwhile, with 2 000, 10 000 and 2 000 targets; none: nothing works",
    )
    parser.add_argument(
        "--project-sockets",
        type=int,
        default=100,
        help="up to so many hear all of the project, more hear of one asset",
    )
    parser.add_argument(
        "--database", help="a PostgreSQL, as postgres://…/name, whose Redis REDIS_URL names"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with ExitStack() as house:
        house.enter_context(own_database(options.database))
        address = house.enter_context(own_stack())
        reports = run(address, options)
    if options.json:
        print(json.dumps(reports, indent=2))
    return 0 if all(one["in_order"] for one in reports) else 1


def run(address: str, options: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (of argparse)
    """Measure each number of sockets, while the lanes work."""
    import django  # noqa: PLC0415 (after the environment is set)

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from bench.live_latency.work import make_film  # noqa: PLC0415

    make_film()
    token = _read_token(call_command)
    reports = []
    for sockets in options.sockets:
        reports.append(asyncio.run(measure(address, token, sockets, options)))
        if not options.json:
            show(reports)
    return reports


def _read_token(call_command: Any) -> str:  # noqa: ANN401 (Django's)
    from io import StringIO  # noqa: PLC0415

    output = StringIO()
    call_command("token", "bench", "--superuser", stdout=output)
    return output.getvalue().splitlines()[-1]


def show(reports: Sequence[dict[str, Any]]) -> None:
    """Print the newest row of the table, the first one with its head."""
    if len(reports) == 1:
        columns = "".join(f"{name + ' ms':>9}" for name in reports[0]["ms"])
        print(f"{'sockets':>8}{columns}{'targets/s':>11}  order")
    one = reports[-1]
    order = "kept" if one["in_order"] else "BROKEN"
    taken = "".join(f"{value:>9}" for value in one["ms"].values())
    print(f"{one['sockets']:>8}{taken}{one['targets_per_s']:>11}  {order}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
