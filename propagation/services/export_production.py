"""Write a project as a production file, in the format that the import reads."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator

from assets.models import AssetReference, Kind, Project
from propagation.interchange.production import FORMAT, TYPED_LISTS
from propagation.interchange.writing import (
    StoredEntity,
    StoredLink,
    write_asset,
    write_sequence,
    write_shot,
)
from versions.canonical import JsonObject
from versions.models import DEFINITION, Head


def export_production(*, project: Project) -> Iterator[str]:
    """Yield the text of the file piece by piece; importing it again changes nothing.

    Entities stand in the order in which they were created, with the content of their best
    versions. What the format has no word for is not in the file: labels, what references follow,
    all but one of several references between two entities, and roles of one's own, which become
    depends_on. An import into the same project leaves these as they are.
    """
    uses, parents = _read_links(project)
    header = {"id": project.code, "name": project.name, **project.details}
    yield f'{{"format":{_dump(FORMAT)},\n"project":{_dump(header)}'
    for type_ in TYPED_LISTS:
        yield from _write_list(f"{type_}s", _write_stub, _read_entities(project, Kind.ASSET, type_))
    yield from _write_list(
        "assets",
        lambda entity: write_asset(entity, uses[entity.code]),
        _read_entities(project, Kind.ASSET),
    )
    yield from _write_list(
        "shots",
        lambda entity: write_shot(entity, uses[entity.code]),
        _read_entities(project, Kind.SHOT),
    )
    yield from _write_list(
        "sequences",
        lambda entity: write_sequence(entity, uses[entity.code], parents[entity.code]),
        _read_entities(project, Kind.SEQUENCE),
    )
    yield "}\n"


def _write_list(
    name: str, write: Callable[[StoredEntity], JsonObject], entities: Iterator[StoredEntity]
) -> Iterator[str]:
    yield f',\n"{name}":['
    for index, entity in enumerate(entities):
        yield (",\n" if index else "\n") + _dump(write(entity))
    yield "]"


def _write_stub(entity: StoredEntity) -> JsonObject:
    stub: JsonObject = {"id": entity.code}
    return stub | {key: entity.content[key] for key in ("name",) if key in entity.content}


def _read_entities(project: Project, kind: Kind, type_: str = "") -> Iterator[StoredEntity]:
    heads = Head.objects.filter(entity__project=project, entity__kind=kind, slot=DEFINITION)
    if type_:
        heads = heads.filter(entity__type=type_)
    rows = heads.order_by("entity_id").values_list(
        "entity__code", "entity__kind", "entity__type", "best__content__body"
    )
    for code, stored_kind, stored_type, body in rows.iterator(chunk_size=5_000):
        yield StoredEntity(code=code, kind=stored_kind, type=stored_type, content=json.loads(body))


def _read_links(
    project: Project,
) -> tuple[defaultdict[str, list[StoredLink]], defaultdict[str, list[StoredLink]]]:
    """Return what each target uses, and of which sequences each source is a part."""
    uses: defaultdict[str, list[StoredLink]] = defaultdict(list)
    parents: defaultdict[str, list[StoredLink]] = defaultdict(list)
    rows = (
        AssetReference.objects.filter(project=project)
        .order_by("role", "position", "pk")
        .values_list("source__code", "target__code", "role", "attributes")
    )
    for source, target, role, attributes in rows.iterator(chunk_size=10_000):
        uses[target].append(StoredLink(other=source, role=role, attributes=attributes))
        if role == "in_parent":
            parents[source].append(StoredLink(other=target, role=role, attributes={}))
    return uses, parents


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
