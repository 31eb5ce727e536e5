"""What metadata of a version says that lists are filtered and sorted by: score and tags."""

import math

from versions.canonical import JsonObject

MAX_TAGS = 100
TAG_LENGTH = 64


def read_score(metadata: JsonObject) -> float | None:
    """Return `evaluation.qualityScore`; None without one, ValueError for one that is no number."""
    evaluation = metadata.get("evaluation")
    if evaluation is None:
        return None
    if not isinstance(evaluation, dict):
        msg = "evaluation must be an object."
        raise ValueError(msg)  # noqa: TRY004 (a value that somebody sent)
    score = evaluation.get("qualityScore")
    if score is None:
        return None
    if isinstance(score, bool) or not isinstance(score, int | float) or not _is_finite(score):
        msg = "evaluation.qualityScore must be a number."
        raise ValueError(msg)
    return float(score)


def read_tags(metadata: JsonObject) -> list[str]:
    """Return the distinct `tags` in their order; ValueError for what is no list of short texts."""
    tags = metadata.get("tags")
    if tags is None:
        return []
    if not isinstance(tags, list) or len(tags) > MAX_TAGS:
        msg = f"tags must be a list of at most {MAX_TAGS} texts."
        raise ValueError(msg)
    read: list[str] = []
    for tag in tags:
        if not isinstance(tag, str) or not 1 <= len(tag) <= TAG_LENGTH:
            msg = f"A tag is a text of 1 to {TAG_LENGTH} characters."
            raise ValueError(msg)
        if tag not in read:
            read.append(tag)
    return read


def _is_finite(score: float) -> bool:
    try:
        return math.isfinite(float(score))
    except OverflowError:
        return False
