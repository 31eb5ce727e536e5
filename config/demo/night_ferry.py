"""Night Ferry: an invented film of 300 shots, as a production in the neutral project format."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from random import Random

from config.demo.act_one import ACT_ONE
from config.demo.act_three import ACT_THREE
from config.demo.act_two import ACT_TWO
from config.demo.cast import CHARACTERS
from config.demo.cut import Shot, cut_film
from config.demo.fog import FOG
from config.demo.places import LOCATIONS, STYLES
from config.demo.props import PROPS
from config.demo.records import Asset, Beat, SequenceText
from config.demo.wardrobe import WARDROBES

PROJECT_FORMAT = "asset-propagation-project/1"
LOGLINE = (
    "On the last crossing of an old night ferry, a woman finds a cabin booked by the brother who"
    " vanished from that ship eleven years ago, and makes the captain stop where he did not stop."
)

_FILM_ID = "seq-film"
_ACTS: dict[str, tuple[str, str, tuple[SequenceText, ...]]] = {
    "seq-act1": (
        "Act one: Boarding",
        "Mara boards the Saint Orla, and everyone aboard denies that her brother is expected.",
        ACT_ONE,
    ),
    "seq-act2": (
        "Act two: Crossing",
        "One conversation at a time, the crew and passengers give up what they hid.",
        (*ACT_TWO, *FOG),
    ),
    "seq-act3": (
        "Act three: Stopping",
        "A storm, a girl in a lifeboat, and a captain who at last rings down to stop.",
        ACT_THREE,
    ),
}
_ASSETS = (*CHARACTERS, *WARDROBES, *PROPS, *LOCATIONS, *STYLES)
_ID_BY_KEY = {asset.key: asset.asset_id for asset in _ASSETS}
_OUTFIT_BY_WEARER = {outfit.worn_by: outfit.asset_id for outfit in WARDROBES}


def build_night_ferry(*, seed: int = 89) -> dict[str, object]:
    """Return the whole production; the same seed gives the same object.

    The seed decides cameras and shot lengths; story, cast and references are as written.
    """
    texts = chain.from_iterable(texts for _, _, texts in _ACTS.values())
    shots = list(cut_film(sequences=texts, rng=Random(seed)))
    return {
        "format": PROJECT_FORMAT,
        "project": {
            "id": "night-ferry",
            "name": "Night Ferry",
            "source": "original work",
            "license": "CC0-1.0",
            "logline": LOGLINE,
        },
        "characters": _list_names(CHARACTERS),
        "props": _list_names(PROPS),
        "wardrobes": _list_names(WARDROBES),
        "locations": _list_names(LOCATIONS),
        "styles": _list_names(STYLES),
        "assets": [_write_asset(asset) for asset in _ASSETS],
        "shots": [_write_shot(shot) for shot in shots],
        "sequences": [*_write_sequences(shots), *_write_acts(), _write_film()],
    }


def _list_names(assets: Iterable[Asset]) -> list[dict[str, str]]:
    return [{"id": asset.asset_id, "name": asset.name} for asset in assets]


def _write_asset(asset: Asset) -> dict[str, object]:
    record: dict[str, object] = {"id": asset.asset_id, "type": asset.kind, "name": asset.name}
    if asset.worn_by:
        record["worn_by"] = asset.worn_by
    if asset.used_in:
        record["used_in"] = list(asset.used_in)
    if asset.depends_on:
        record["depends_on"] = list(asset.depends_on)
    return {**record, "attributes": dict(asset.attributes)}


def _write_shot(shot: Shot) -> dict[str, object]:
    attributes: dict[str, object] = {
        "description": shot.beat.description,
        "size": shot.size.name,
        "camera": shot.camera,
        "time_of_day": shot.beat.setup.time_of_day,
        "frames": shot.frames,
    }
    if shot.beat.is_critical:
        attributes["priority"] = "critical"
    return {
        "shot_id": f"shot-{shot.code}",
        "name": f"SH{shot.code}",
        "sequence_id": _sequence_id(shot.sequence),
        "order": shot.order,
        "start": shot.start,
        "end": shot.start + shot.frames,
        "visual_prompt": _write_references(shot),
        "attributes": attributes,
    }


def _write_references(shot: Shot) -> dict[str, object]:
    beat = shot.beat
    shows_style = shot.size.shows_style or beat.opens_setup
    return {
        "character_references": _refer(_ID_BY_KEY[initial] for initial in beat.cast),
        "prop_references": [_ID_BY_KEY[key] for key in beat.props],
        "wardrobe_references": _refer(_find_wardrobe(beat) if shot.size.shows_wardrobe else ()),
        "location_references": _refer([_ID_BY_KEY[beat.setup.location]]),
        "style_references": _refer([_ID_BY_KEY[beat.setup.style]] if shows_style else ()),
    }


def _refer(asset_ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"asset_id": asset_id} for asset_id in asset_ids]


def _find_wardrobe(beat: Beat) -> Iterator[str]:
    """Each character's own outfit, then whatever the setup puts over it."""
    for initial in beat.cast:
        yield _OUTFIT_BY_WEARER[_ID_BY_KEY[initial]]
        if initial in beat.setup.extras:
            yield _ID_BY_KEY[beat.setup.extras[initial]]


def _sequence_id(text: SequenceText) -> str:
    return f"seq-{text.number:03d}"


def _write_sequences(shots: Sequence[Shot]) -> Iterator[dict[str, object]]:
    for act_id, (_, _, texts) in _ACTS.items():
        for text in texts:
            yield {
                "sequence_id": _sequence_id(text),
                "name": text.name,
                "shots": [f"shot-{shot.code}" for shot in shots if shot.sequence is text],
                "parent": act_id,
                "attributes": {"summary": text.summary},
            }


def _write_acts() -> Iterator[dict[str, object]]:
    for act_id, (name, summary, _) in _ACTS.items():
        yield {
            "sequence_id": act_id,
            "name": name,
            "shots": [],
            "parent": _FILM_ID,
            "attributes": {"summary": summary},
        }


def _write_film() -> dict[str, object]:
    return {
        "sequence_id": _FILM_ID,
        "name": "Night Ferry",
        "shots": [],
        "attributes": {"summary": LOGLINE},
    }
