"""Projects, entities, versions and files."""

from propagation.api.as_of import AsOfQuery, TimeQuery
from propagation.api.bringing import ImportQuery, NewEntitiesBody, NewProjectBody
from propagation.api.catalogue import LockBody, SettingsBody
from propagation.api.create_media import MediaBatchBody, MediaBody
from propagation.api.files import FileBody
from propagation.api.graph import DependenciesQuery, EdgeBody, RemovedEdgeBody
from propagation.api.listing import EntitiesQuery
from propagation.api.look_ups import LookUpQuery
from propagation.api.openapi.operation import (
    MATCH,
    MATCH_REMARKS,
    MATCH_VERSION,
    PREFER,
    WORK,
    Operation,
    Page,
)
from propagation.api.paging import PageQuery
from propagation.api.pins import PinBody, UnpinBody
from propagation.api.references import EdgesBody, ReferencesQuery
from propagation.api.shapes import entities as shapes
from propagation.api.shapes.common import Started
from propagation.api.shapes.runs import Accepted, Conflicted, Preview, Relinked
from propagation.api.strict import DryRunQuery
from propagation.api.versions import (
    BestBody,
    HistoryQuery,
    RemarkBody,
    SlotQuery,
    VersionQuery,
)

PROJECTS, ENTITIES, CHANGES = "projects", "entities", "changes"
VERSIONS, GRAPH = "versions", "graph"
REFERENCES = Operation(tag=GRAPH, query=ReferencesQuery, answers={200: Page(of=shapes.Reference)})
ENTITY_LIST = {
    "POST": Operation(
        tag=ENTITIES,
        body=NewEntitiesBody,
        takes=WORK,
        answers={201: shapes.NewEntities},
        example={
            "entities": [
                {"id": "char-009", "type": "character", "content": {"name": "Ida", "age": 41}}
            ]
        },
    ),
    "GET": Operation(tag=ENTITIES, query=EntitiesQuery, answers={200: Page(of=shapes.EntityRow)}),
}
RELINKED = {200: Relinked, 202: Relinked, 409: Conflicted}

OPERATIONS = {
    "projects": {
        "GET": Operation(tag=PROJECTS, query=PageQuery, answers={200: Page(of=shapes.Project)}),
        "POST": Operation(
            tag=PROJECTS,
            body=NewProjectBody,
            takes=WORK,
            answers={201: shapes.Project},
            example={"id": "night-ferry", "name": "Night Ferry"},
        ),
    },
    "project": {"GET": Operation(tag=PROJECTS, answers={200: shapes.Project})},
    "import": {
        "POST": Operation(
            tag=PROJECTS,
            query=ImportQuery,
            body={"type": "object", "description": "A production: docs/format.md."},
            takes=WORK,
            answers={200: shapes.ImportPreview | shapes.Imported, 202: shapes.Imported},
            example={"assets": [{"id": "char-001", "type": "character", "name": "Mara"}]},
        )
    },
    "references": {
        "GET": REFERENCES,
        "POST": Operation(
            tag=GRAPH,
            body=EdgesBody,
            takes=WORK,
            answers={200: Started, 202: Started, 409: Conflicted},
            example={
                "add": [{"source": "ward-004", "target": "shot-0107", "role": "wardrobe"}],
                "remove": [{"source": "ward-003", "target": "shot-0107", "role": "wardrobe"}],
            },
        ),
    },
    "uses": {"GET": REFERENCES},
    "usages": {"GET": REFERENCES},
    "settings": {
        "PATCH": Operation(
            tag=PROJECTS,
            body=SettingsBody,
            takes=(MATCH,),
            answers={200: shapes.Settings},
            example={"strict_writes": True, "reason": "the shoot begins"},
        )
    },
    "assets": ENTITY_LIST,
    "shots": ENTITY_LIST,
    "sequences": ENTITY_LIST,
    "entity": {
        "GET": Operation(
            tag=ENTITIES, query=TimeQuery, answers={200: shapes.EntityNow | shapes.EntityThen}
        ),
        "PATCH": Operation(
            tag=CHANGES,
            query=DryRunQuery,
            body={"type": "object", "description": "A JSON Merge Patch (RFC 7396)."},
            body_types=("application/json", "application/merge-patch+json"),
            takes=(MATCH_VERSION, PREFER),
            answers={200: Preview | Accepted, 202: Accepted, 409: Conflicted},
            example={"wardrobe": "blue coat", "hat": None},
        ),
    },
    "as-of": {
        "GET": Operation(tag=ENTITIES, query=AsOfQuery, answers={200: Page(of=shapes.EntityThen)})
    },
    "lock": {
        "PUT": Operation(
            tag=ENTITIES,
            body=LockBody,
            answers={200: shapes.Lock},
            example={"is_locked": True, "reason": "final grade"},
        )
    },
    "slots": {"GET": Operation(tag=VERSIONS, answers={200: shapes.Slots})},
    "versions": {
        "GET": Operation(
            tag=VERSIONS, query=HistoryQuery, answers={200: Page(of=shapes.VersionNow)}
        ),
        "POST": Operation(
            tag=VERSIONS,
            body=MediaBody,
            takes=WORK,
            answers={201: shapes.CreatedVersions},
            example={
                "slot": "scene_video",
                "type": "video",
                "media": [
                    {
                        "url": "https://cdn.example.com/shot-0107_take3.mp4",
                        "provenance": {"model": "gen-4", "prompt": "Mara on the ferry, night"},
                    }
                ],
                "best": True,
            },
        ),
    },
    "version": {
        "GET": Operation(tag=VERSIONS, query=VersionQuery, answers={200: shapes.VersionWhole}),
        "PATCH": Operation(
            tag=VERSIONS,
            query=SlotQuery,
            body=RemarkBody,
            takes=(MATCH_REMARKS,),
            answers={200: shapes.VersionWhole},
            example={"status": "approved", "note": "as discussed in dailies"},
        ),
    },
    "diff": {"GET": Operation(tag=VERSIONS, query=SlotQuery, answers={200: shapes.Comparison})},
    "best": {
        "PUT": Operation(
            tag=VERSIONS,
            query=DryRunQuery,
            body=BestBody,
            takes=(MATCH_VERSION, PREFER),
            answers={200: Preview | Accepted, 202: Accepted},
            example={"version": 3, "note": "the wider collar"},
        )
    },
    "batch-versions": {
        "POST": Operation(
            tag=VERSIONS,
            body=MediaBatchBody,
            takes=WORK,
            answers={201: shapes.CreatedBatch},
            example={
                "entries": [
                    {
                        "scope": {
                            "type": "scene",
                            "project_id": "night-ferry",
                            "scene_id": "seq-010",
                        },
                        "slot": "scene_video",
                        "type": "video",
                        "urls": ["https://cdn.example.com/seq-010_v2.mp4"],
                    }
                ]
            },
        )
    },
    "look-up": {"GET": Operation(tag=VERSIONS, query=LookUpQuery, answers={200: shapes.LookedUp})},
    "outdated-media": {
        "GET": Operation(
            tag=VERSIONS, query=PageQuery, answers={200: Page(of=shapes.OutdatedMedia)}
        )
    },
    "files": {
        "POST": Operation(
            tag=VERSIONS,
            body=FileBody,
            body_types=("multipart/form-data",),
            answers={201: shapes.Uploaded},
        )
    },
    "file": {
        "GET": Operation(
            tag=VERSIONS,
            answers={200: bytes, 206: bytes},
            media_types=("*/*",),
            problems=(416,),
        )
    },
    "dependencies": {
        "GET": Operation(tag=GRAPH, query=DependenciesQuery, answers={200: shapes.Dependencies})
    },
    "edges": {
        "POST": Operation(
            tag=GRAPH,
            body=EdgeBody,
            takes=(*WORK, MATCH_VERSION),
            answers=RELINKED,
            example={"source": "ward-004", "target": "shot-0107", "role": "wardrobe"},
        ),
        "DELETE": Operation(
            tag=GRAPH,
            body=RemovedEdgeBody,
            takes=(PREFER, MATCH_VERSION),
            answers=RELINKED,
            example={"source": "ward-004", "target": "shot-0107"},
        ),
    },
    "pins": {
        "GET": Operation(tag=GRAPH, query=PageQuery, answers={200: Page(of=shapes.Pin)}),
        "PUT": Operation(
            tag=GRAPH,
            body=PinBody,
            takes=(PREFER, MATCH_VERSION),
            answers=RELINKED,
            example={"source": "char-001", "version": 5, "reason": "matches the plate"},
        ),
        "DELETE": Operation(
            tag=GRAPH,
            body=UnpinBody,
            takes=(PREFER, MATCH_VERSION),
            answers=RELINKED,
            example={"source": "char-001", "reason": "the plate was shot again"},
        ),
    },
}
