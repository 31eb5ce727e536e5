"""Storyboards of the first sequence: small pictures, stored as anybody's uploads are."""

import struct
import zlib
from collections.abc import Iterator
from datetime import datetime
from random import Random

from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from assets.models import AssetReference, Project
from propagation.services.create_media import MediaEntry, MediaItem, create_media
from propagation.services.store_file import store_file
from versions.media import MediaDocument
from versions.models import Head
from versions.scope import Scope

SEQUENCE, SLOT = "seq-010", "storyboard"
WIDTH, HEIGHT = 192, 108  # pixels
HORIZON = 62
SKY, SEA, COAT = (24, 30, 48), (12, 44, 58), (168, 32, 38)
Colour = tuple[int, int, int]


def stage_storyboards(*, project: Project, director: User, at: datetime) -> int:
    """Draw a frame for each shot of the sequence unless it is there; return how many there are."""
    present = Head.objects.filter(entity__project=project, slot=SLOT).count()
    if present:
        return present
    shots = AssetReference.objects.filter(
        project=project, target__code=SEQUENCE, source__kind="shot"
    ).order_by("position")
    codes = list(shots.values_list("source__code", flat=True))
    outcome = create_media(
        entries=[_draw_entry(project, code, director, at) for code in codes],
        is_atomic=True,
        actor=director,
        at=at,
    )
    return len(outcome.created)


def _draw_entry(project: Project, code: str, director: User, at: datetime) -> MediaEntry:
    picture = ContentFile(draw_frame(seed=code), name=f"{code}.png")
    file = store_file(project=project, upload=picture, actor=director, at=at)
    document = MediaDocument(type="image", provenance={"model": "config.demo.storyboards"})
    return MediaEntry(
        scope=Scope(type="scene", project=project.code, ids=(code,)),
        slot=SLOT,
        items=[MediaItem(document=document, file_key=file.key)],
        note="first pass",
    )


def draw_frame(*, seed: str) -> bytes:
    """Return a PNG: night, sea, and somebody in a red coat, elsewhere for each seed."""
    chance = Random(seed)
    left, tall = chance.randrange(20, WIDTH - 40), chance.randrange(30, 60)
    swell = [chance.randrange(-3, 4) for _ in range(WIDTH // 12 + 1)]

    def colour(x: int, y: int) -> Colour:
        if left <= x < left + tall // 3 and HORIZON + 20 - tall <= y < HORIZON + 20:
            return COAT
        return SEA if y > HORIZON + swell[x // 12] else SKY

    rows = ((colour(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    return _write_png(rows)


def _write_png(rows: Iterator[Iterator[Colour]]) -> bytes:
    """Return the pixels as a PNG of 8 bits per channel (ISO/IEC 15948)."""
    pixels = b"".join(b"\0" + b"".join(bytes(pixel) for pixel in row) for row in rows)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
