"""Events as messages, and which entities and runs each is news of."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rest_framework.utils.encoders import JSONEncoder

from assets.setwise import select_ids
from propagation.models import Event, PropagationItem, RunSource
from propagation.services.read_events import describe_event
from propagation.services.topics import Topic

RUN_WIDE = frozenset({"asset_update", "run_state", "rollback_completed"})
"""News of everything that the run reaches, whether or not it is named."""
Reached: TypeAlias = Mapping[int, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Message:
    """An event as it is sent. codes: the entities that it is news of, of those asked for."""

    seq: int
    text: str
    run_id: int | None
    codes: frozenset[str]

    def belongs_to(self, topics: Iterable[Topic]) -> bool:
        """Tell whether it is news of one of the topics."""
        return any(
            topic.is_all
            or (topic.run_id is not None and topic.run_id == self.run_id)
            or any(code in topic.members for code in self.codes)
            for topic in topics
        )


def encode(document: Mapping[str, Any]) -> str:
    """Return the document as answers of the API spell it."""
    return json.dumps(document, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))


def make_messages(*, events: Sequence[Event], asked: Mapping[str, int]) -> list[Message]:
    """Return the events as messages; two statements at most.

    asked: ids by code of the entities that somebody wants to hear of.
    """
    runs = {one.run_id for one in events if one.run_id and one.type in RUN_WIDE}
    reached = _find_reached(runs, asked) if runs and asked else {}
    return [
        Message(
            seq=event.seq,
            text=encode(describe_event(event)),
            run_id=event.run_id,
            codes=frozenset(_name_entities(event) & asked.keys() | _get_reached(event, reached)),
        )
        for event in events
    ]


def _get_reached(event: Event, reached: Reached) -> frozenset[str]:
    is_wide = event.type in RUN_WIDE and event.run_id is not None
    return reached.get(event.run_id or 0, frozenset()) if is_wide else frozenset()


def _name_entities(event: Event) -> set[str]:
    payload = event.payload
    named = {item["id"] for item in payload.get("items", ())} | set(payload.get("targets", ()))
    return named | {payload["asset_id"]} if payload.get("asset_id") else named


def _find_reached(run_ids: Iterable[int], asked: Mapping[str, int]) -> Reached:
    """Return which of the entities each run starts from or reaches, by code."""
    wanted = {"run_id__in": list(run_ids), "entity_id__in": select_ids(asked.values())}
    found: dict[int, set[str]] = {}
    for model in (PropagationItem, RunSource):
        for run_id, code in model.objects.filter(**wanted).values_list("run_id", "entity__code"):
            found.setdefault(run_id, set()).add(code)
    return {run_id: frozenset(codes) for run_id, codes in found.items()}
