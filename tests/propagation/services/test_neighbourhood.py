"""What is drawn around an entity: everything near, in few statements, and never more than fits."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.graph.cache import load_graph
from propagation.execution.advance import continue_run
from propagation.execution.apply import fail_batch
from propagation.services.entity_states import read_entity_states
from propagation.services.neighbourhood import Neighbourhood, read_neighbourhood
from tests.builders import chain, change, drive, get_entity, load, star
from versions.services.entity_lock import set_entity_locks

pytestmark = pytest.mark.django_db


def list_codes(found: Neighbourhood) -> list[str]:
    """Return what is shown, nearest first."""
    return [box.code for box in found.boxes]


def cut(shots: int, sequences: int) -> None:
    """Have a hero in so many shots, of which sequences are cut in turn."""
    document = star(shots)
    document["sequences"] = [
        {
            "sequence_id": f"seq-{number}",
            "shots": [f"shot-{index:05}" for index in range(number, shots, sequences)],
        }
        for number in range(sequences)
    ]
    load(document)


def test_steps_are_counted_in_each_direction() -> None:
    load(chain(7))
    found = read_neighbourhood(entity=get_entity("a3"), up=1, down=2)
    assert list_codes(found) == ["a3", "a2", "a4", "a5"]
    assert [box.distance for box in found.boxes] == [0, -1, 1, 2]
    named = {(found.boxes[a].code, found.boxes[b].code) for a, b in found.edges}
    assert named == {("a2", "a3"), ("a3", "a4"), ("a4", "a5")}
    layers = {box.code: box.layer for box in found.boxes}
    assert sorted(layers, key=layers.__getitem__) == ["a2", "a3", "a4", "a5"]


def test_many_shots_stand_together_by_sequence() -> None:
    cut(12, 3)
    hero = get_entity("hero")
    assert len(read_neighbourhood(entity=hero, up=1, down=2, most=16).boxes) == 16
    found = read_neighbourhood(entity=hero, up=1, down=2, most=15)
    assert list_codes(found) == [
        "hero",
        *(f"4 shots of seq-{number}" for number in range(3)),
        *(f"seq-{number}" for number in range(3)),
    ]
    assert sum(len(box.members) for box in found.boxes) == 16
    assert found.left_out == 0
    assert (found.root, 1) in found.edges


def test_what_does_not_fit_even_then_is_counted() -> None:
    load(chain(9))
    found = read_neighbourhood(entity=get_entity("a0"), up=0, down=20, most=4)
    assert list_codes(found) == ["a0", "a1", "a2", "a3"]
    assert found.left_out == 5


@pytest.mark.parametrize("shots", [3, 60])
def test_the_number_of_statements_is_the_same_for_few_and_many(shots: int) -> None:
    cut(shots, 2)
    hero = get_entity("hero")
    load_graph(project_id=hero.project_id)
    with CaptureQueriesContext(connection) as queries:
        read_neighbourhood(entity=hero, up=1, down=2)
    assert len(queries) == 7


def test_each_state_has_its_word() -> None:
    cut(4, 2)
    project_id = get_entity("hero").project_id
    locked = get_entity("shot-00001")
    set_entity_locks(
        project_id=project_id,
        entity_ids=[locked.pk],
        is_locked=True,
        reason="",
        actor=None,
        at=timezone.now(),
    )
    first = change("hero", coat="red").run
    assert first
    ids = {code: get_entity(code).pk for code in ("hero", "shot-00000", "shot-00001", "seq-0")}

    def read() -> list[str]:
        found = read_entity_states(project_id=project_id, entity_ids=list(ids.values()))
        return [found[pk] for pk in ids.values()]

    assert read() == ["current", "updating", "held", "updating"]
    drive(first)
    assert read() == ["current", "current", "held", "current"]
    second = change("shot-00000", framing="wide").run
    assert second
    continue_run(run_id=second.pk, generation=second.generation, at=timezone.now())
    fail_batch(run_id=second.pk, number=0, error="no disk", at=timezone.now())
    drive(second)
    assert read() == ["current", "current", "held", "failed"]
    third = change("shot-00000", framing="close").run
    assert third
    drive(third)
    assert read()[3] == "current"  # a later run made it good
