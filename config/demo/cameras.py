"""How a shot of each size is photographed and how long it is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

FRAMES_PER_SECOND = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotSize:
    """One framing: its name, the camera set-ups that suit it, and its length in seconds.

    `shows_wardrobe` is false where only a face or an object is in frame, so that a change of
    costume leaves the shot as it is. `shows_style` marks framings wide enough to carry the look.
    """

    name: str
    cameras: tuple[str, ...]
    seconds: tuple[float, float]
    shows_wardrobe: bool = True
    shows_style: bool = False


SIZES: Mapping[str, ShotSize] = {
    "WS": ShotSize(
        name="wide shot",
        cameras=(
            "locked off, 21 mm",
            "slow crane down, 24 mm",
            "high angle from a winch, 24 mm",
            "static, low horizon, 18 mm",
            "long lateral track, 28 mm",
        ),
        seconds=(4.0, 9.0),
        shows_style=True,
    ),
    "FS": ShotSize(
        name="full shot",
        cameras=(
            "tracking behind, 28 mm",
            "steadicam leading, 32 mm",
            "slow pan left to right, 35 mm",
            "low angle, locked off, 28 mm",
        ),
        seconds=(3.0, 7.0),
        shows_style=True,
    ),
    "2S": ShotSize(
        name="two-shot",
        cameras=(
            "slow push-in, 40 mm",
            "locked off in profile, 50 mm",
            "handheld, swaying with the ship, 35 mm",
        ),
        seconds=(3.0, 6.5),
    ),
    "MS": ShotSize(
        name="medium shot",
        cameras=(
            "slow push-in, 35 mm",
            "handheld at chest height, 40 mm",
            "locked off, 50 mm",
            "drifting track to the right, 40 mm",
            "eye level, gentle pan, 35 mm",
        ),
        seconds=(2.0, 5.5),
    ),
    "OTS": ShotSize(
        name="over the shoulder",
        cameras=(
            "over the shoulder, locked off, 65 mm",
            "over the shoulder, creeping in, 50 mm",
            "over the shoulder, handheld, 50 mm",
        ),
        seconds=(2.0, 5.0),
        shows_wardrobe=False,
    ),
    "CU": ShotSize(
        name="close-up",
        cameras=(
            "very slow push-in, 75 mm",
            "locked off, 85 mm",
            "handheld, shallow focus, 65 mm",
            "slightly below the eyes, 75 mm",
        ),
        seconds=(1.5, 4.5),
        shows_wardrobe=False,
    ),
    "INS": ShotSize(
        name="insert",
        cameras=(
            "overhead, locked off, 100 mm macro",
            "rack focus, 85 mm",
            "raking angle, 100 mm macro",
        ),
        seconds=(1.0, 3.0),
        shows_wardrobe=False,
    ),
}


def choose_camera(*, size: ShotSize, previous: str, rng: Random) -> str:
    """Draw a camera set-up for `size`, never the one used in the shot before."""
    return rng.choice([camera for camera in size.cameras if camera != previous])


def choose_frames(*, size: ShotSize, rng: Random) -> int:
    """Draw the length of a shot, in frames."""
    shortest, longest = size.seconds
    return rng.randint(round(shortest * FRAMES_PER_SECOND), round(longest * FRAMES_PER_SECOND))
