"""How soon somebody who listens hears of the first target of a small run, on an idle system."""

import asyncio
import json
import time
from dataclasses import dataclass

import httpx
from websockets.asyncio.client import ClientConnection, connect

from propagation.management.benchmark.loading import Film

SHOTS = 20
PATIENCE_S = 30


@dataclass(frozen=True, kw_only=True)
class LatencySample:
    """Seconds until a WebSocket has the first item, by the client's clock.

    from_request: from when the change was sent, so more than from the commit. from_answer: from
    when its answer came, so less; below zero where the item was there first.
    """

    from_request_s: float
    from_answer_s: float


async def listen_to_changes(
    *, address: str, token: str, film: Film, code: str, rounds: int
) -> list[LatencySample]:
    """Change the asset again and again, each time when the run before is over."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=f"{address}/api/v1", headers=headers, timeout=PATIENCE_S
    ) as api:
        ticket = (await api.post("/ws-tickets")).raise_for_status().json()["url"]
        url = address.replace("http", "ws", 1) + ticket
        async with connect(url, proxy=None, max_size=None, ping_interval=None) as line:
            topics = [f"project:{film.code}"]
            await line.send(json.dumps({"type": "subscribe", "topics": topics}))
            return [await _measure(api, line, f"{film.code}:{code}") for _ in range(rounds)]


async def _measure(api: httpx.AsyncClient, line: ClientConnection, asset: str) -> LatencySample:
    body = {
        "change_data": {"description": f"changed at {time.time_ns()}"},
        "propagation_mode": "realtime",
    }
    hearing = asyncio.create_task(_hear(line))
    begun = time.perf_counter()
    answer = await api.post(f"/assets/{asset}/propagate", json=body)
    answered = time.perf_counter()
    answer.raise_for_status()
    heard = await asyncio.wait_for(hearing, PATIENCE_S)
    await asyncio.sleep(0.3)  # what follows the end of the run is not what is measured next
    return LatencySample(from_request_s=heard - begun, from_answer_s=heard - answered)


async def _hear(line: ClientConnection) -> float:
    """Return when the first item came, having waited for the end of the run."""
    first = 0.0
    async for frame in line:
        message = json.loads(frame)
        if message["type"] == "run_items":
            first = first or time.perf_counter()
        if first and message["type"] == "run_state" and message.get("status") == "success":
            return first
    msg = "the line was closed"
    raise ConnectionError(msg)
