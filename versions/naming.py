"""How people name versions."""

from versions.models import DEFINITION


def write_version_id(code: str, number: int, slot: str = DEFINITION) -> str:
    """Return a version's id in the story's shape, char-001_v6; of media, char-001/poster_v2."""
    return f"{code}_v{number}" if slot == DEFINITION else f"{code}/{slot}_v{number}"
