"""How often Python looks for cycles of objects that nobody uses any more."""

import gc

OBJECTS = 50_000
"""New objects after which the young ones are looked at; a batch of 2 000 targets makes more."""


def calm_collector() -> None:
    """Leave what is loaded by now alone, and look at what is new less often.

    Modules and settings are some hundred thousand objects that stay, and what planning and batches
    make is freed by counting references. Looking at all of it again and again took a third of a
    batch's time in Python (65 µs per target, then 43).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, 20, 100)
