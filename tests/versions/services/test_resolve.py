"""A version resolves to what it consumed, now and for ever."""

from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import AssetReference
from propagation.services.change_references import Edge, change_references
from tests.builders import chain, change, drive, get_entity, load, make_cause
from tests.properties import tried_on
from versions.checksum import InputChange, Provenance, compute_checksum
from versions.models import Head, Version, VersionInput
from versions.services.following import find_outdated
from versions.services.resolve import load_uses

pytestmark = pytest.mark.django_db

CODES = "abcd"
Key: TypeAlias = tuple[str, str]
"""Source and role of a use."""


@dataclass
class Model:
    """A production as plain dicts: the oracle for versions and what they consumed."""

    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CODES, 1))
    uses: dict[str, dict[Key, int]] = field(default_factory=lambda: {code: {} for code in CODES})
    resolved: dict[tuple[str, int], dict[Key, int]] = field(default_factory=dict)

    def publish(self, code: str) -> None:
        """Count one more version of the entity and remember what it was made from."""
        self.numbers[code] += 1
        self.record(code)

    def record(self, code: str) -> None:
        """Remember what the newest version was made from."""
        self.resolved[code, self.numbers[code]] = dict(self.uses[code])

    def settle(self) -> None:
        """Bring dependents up to date, sources first: references lead forward in CODES."""
        for code in CODES:
            current = {key: self.numbers[key[0]] for key in self.uses[code]}
            if current != self.uses[code]:
                self.uses[code] = current
                self.publish(code)


@dataclass(frozen=True)
class Step:
    """One thing that a person does; target and role are for references only."""

    verb: str
    source: str
    target: str = ""
    role: str = "part"


pairs = [(a, b) for index, a in enumerate(CODES) for b in CODES[index + 1 :]]
steps = st.lists(
    st.builds(Step, st.just("change"), st.sampled_from(CODES))
    | st.builds(
        lambda ends, role: Step("toggle", ends[0], ends[1], role),
        st.sampled_from(pairs),
        st.sampled_from(["part", "look"]),
    ),
    max_size=10,
)


def take(step: Step, model: Model, value: int) -> None:
    """Take the step in the database and in the model."""
    if step.verb == "change":
        run = change(step.source, value=value).run
        model.publish(step.source)
    else:
        key = (step.source, step.role)
        edge = Edge(source=get_entity(step.source), target=get_entity(step.target), role=step.role)
        is_present = key in model.uses[step.target]
        run = change_references(
            added=[] if is_present else [edge],
            removed=[edge] if is_present else [],
            cause=make_cause(),
            at=timezone.now(),
        ).run
        if is_present:
            del model.uses[step.target][key]
        else:
            model.uses[step.target][key] = model.numbers[step.source]
        model.publish(step.target)
    assert run is not None
    drive(run)
    model.settle()


def resolve_all() -> dict[tuple[str, int], dict[Key, int]]:
    """Return what every version of every entity but the project itself resolves to."""
    return {
        (version.entity.code, version.number): {
            (use.source_code, use.role): use.version_number for use in load_uses(version=version)
        }
        for version in Version.objects.exclude(entity__kind="project").select_related("entity")
    }


def check_checksums() -> None:
    """Check that each version's checksum follows from its rows and that of the one before it."""
    checksums = {
        (version.entity_id, version.number): version.checksum for version in Version.objects.all()
    }
    for version in Version.objects.select_related("entity", "content"):
        inputs = [
            InputChange(
                source_code=one.source.code,
                role=one.role,
                label=one.label,
                position=one.position,
                attributes=one.attributes,
                source_checksum=one.source_version.checksum if one.source_version else None,
            )
            for one in VersionInput.objects.filter(version=version).select_related(
                "source", "source_version"
            )
        ]
        assert version.checksum == compute_checksum(
            entity_code=version.entity.code,
            slot=version.slot,
            number=version.number,
            content_sha256=version.content.sha256,
            parent_checksum=checksums.get((version.entity_id, version.number - 1)),
            provenance=Provenance(
                origin=version.origin,
                author_id=version.author_id,
                run_id=version.run_id,
                note=version.note,
                changed=version.changed,
                created_at=version.created_at,
            ),
            inputs=inputs,
        )


@tried_on(12)
@given(steps)
def test_old_versions_resolve_as_they_did_whatever_happens_later(taken: list[Step]) -> None:
    with transaction.atomic():
        load({"assets": [{"id": code, "type": "prop"} for code in CODES]})
        model = Model()
        for code in CODES:
            model.record(code)
        for value, step in enumerate(taken):
            take(step, model, value)
            assert resolve_all() == model.resolved
        assert not find_outdated(AssetReference.objects.all()).exists()
        check_checksums()
        transaction.set_rollback(True)


def get_version(code: str, number: int) -> Version:
    version: Version = Version.objects.get(entity__code=code, number=number)
    return version


def test_uses_come_by_role_in_the_order_of_the_cut() -> None:
    load(
        {
            "props": [{"id": "lamp"}, {"id": "bulb"}],
            "characters": [{"id": "ana"}],
            "shots": [
                {
                    "shot_id": "s",
                    "visual_prompt": {
                        "prop_references": ["lamp", "bulb"],
                        "character_references": [{"asset_id": "ana"}],
                    },
                }
            ],
        }
    )
    uses = load_uses(version=get_version("s", 1))
    assert [(use.role, use.position, use.source_code) for use in uses] == [
        ("character", 0, "ana"), ("prop", 0, "lamp"), ("prop", 1, "bulb")
    ]  # fmt: skip
    assert {use.version_number for use in uses} == {1}


def test_two_uses_of_one_source_are_told_apart_by_role_and_label() -> None:
    load({"assets": [{"id": code, "type": "prop"} for code in "ab"]})
    source, target = get_entity("a"), get_entity("b")
    edges = [
        Edge(source=source, target=target, role=role, label=label)
        for role in ("x", "y")
        for label in ("", "left")
    ]
    change_references(added=edges, cause=make_cause(), at=timezone.now())
    uses = load_uses(version=get_version("b", 2))
    assert {(use.role, use.label) for use in uses} == {(e.role, e.label) for e in edges}
    change_references(removed=edges[:1], cause=make_cause(), at=timezone.now())
    assert len(load_uses(version=get_version("b", 3))) == 3
    assert len(load_uses(version=get_version("b", 2))) == 4
    assert load_uses(version=get_version("b", 1)) == []


def test_a_version_records_only_the_inputs_that_moved() -> None:
    load(
        {
            "assets": [
                {"id": "a", "type": "prop"},
                {"id": "b", "type": "prop"},
                {"id": "c", "type": "prop", "depends_on": ["a", "b"]},
            ]
        }
    )
    outcome = change("a", value=1)
    assert outcome.run is not None
    drive(outcome.run)
    version = get_version("c", 2)
    assert VersionInput.objects.filter(version=version).count() == 1
    numbers = {use.source_code: use.version_number for use in load_uses(version=version)}
    assert numbers == {"a": 2, "b": 1}


def test_a_version_points_at_the_content_that_it_keeps() -> None:
    load(chain(2))
    outcome = change("a0", colour="red")
    assert outcome.run is not None
    drive(outcome.run)
    assert get_version("a1", 1).content_id == get_version("a1", 2).content_id
    assert Head.objects.get(entity__code="a1").best == get_version("a1", 2)
