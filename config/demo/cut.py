"""The cut: every beat of the script with its number, camera and place on the film's timeline."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from config.demo.cameras import SIZES, ShotSize, choose_camera, choose_frames
from config.demo.records import Beat, SequenceText
from config.demo.script import read_script


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A beat as it stands in the cut; `start` is in frames from the head of the film."""

    sequence: SequenceText
    order: int
    beat: Beat
    camera: str
    start: int
    frames: int

    @property
    def code(self) -> str:
        """Two digits for the sequence and two for the place within it."""
        return f"{self.sequence.number // 10:02d}{self.order:02d}"

    @property
    def size(self) -> ShotSize:
        """The framing named in the script."""
        return SIZES[self.beat.size]


def cut_film(*, sequences: Iterable[SequenceText], rng: Random) -> Iterator[Shot]:
    """Yield the shots of `sequences` in film order, drawing cameras and lengths from `rng`."""
    camera, start = "", 0
    for sequence in sequences:
        for order, beat in enumerate(read_script(script=sequence.script), start=1):
            size = SIZES[beat.size]
            camera = choose_camera(size=size, previous=camera, rng=rng)
            frames = choose_frames(size=size, rng=rng)
            yield Shot(
                sequence=sequence,
                order=order,
                beat=beat,
                camera=camera,
                start=start,
                frames=frames,
            )
            start += frames
