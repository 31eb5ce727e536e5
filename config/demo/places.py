"""Where Night Ferry happens and how it looks: eight locations and four visual styles.

A place is built from the place that contains it and from the style that lights it.
"""

from config.demo.records import Asset

LOCATIONS = (
    Asset(
        key="ferry",
        asset_id="loc-001",
        kind="location",
        name="MV Saint Orla",
        depends_on=("style-001",),
        attributes={
            "description": "A steam turbine ferry, fifty years old, on her last crossing.",
            "light": "strings of deck bulbs, a third of them dead",
            "palette": "rust, chalk white, harbour green",
            "sound": "a hum at eighty-four turns that nobody notices until it stops",
        },
    ),
    Asset(
        key="car-deck",
        asset_id="loc-002",
        kind="location",
        name="Saint Orla / car deck",
        depends_on=("loc-001", "style-001"),
        attributes={
            "description": "A steel cavern of lashed lorries with a catwalk overhead.",
            "light": "caged amber lamps that switch off row by row",
            "palette": "amber, wet black, hazard yellow",
            "sound": "chains, drips, the sea hitting the bow door",
        },
    ),
    Asset(
        key="saloon",
        asset_id="loc-003",
        kind="location",
        name="Saint Orla / deck six, saloon",
        depends_on=("loc-001", "style-002"),
        attributes={
            "description": "The saloon with bar and purser's desk, and the cabin corridor beyond.",
            "light": "fringed table lamps and a mirror behind the bottles",
            "palette": "tobacco brown, brass, dull crimson carpet",
            "sound": "glasses chattering on their shelves",
        },
    ),
    Asset(
        key="boat-deck",
        asset_id="loc-004",
        kind="location",
        name="Saint Orla / boat deck",
        depends_on=("loc-001", "style-003"),
        attributes={
            "description": "The open deck under a row of eight lifeboats in rusted davits.",
            "light": "one floodlight on the funnel, diffused by fog",
            "palette": "slate blue, bone white, a single point of colour",
            "sound": "wind across wires, canvas slapping",
        },
    ),
    Asset(
        key="bridge",
        asset_id="loc-005",
        kind="location",
        name="Saint Orla / boat deck / bridge",
        depends_on=("loc-004",),
        attributes={
            "description": "A narrow wheelhouse with chart table, engine telegraph and two wings.",
            "light": "radar green and a red lamp over the charts",
            "palette": "black, phosphor green, deep red",
            "sound": "a spinning clear-view screen, a clock",
        },
    ),
    Asset(
        key="engine",
        asset_id="loc-006",
        kind="location",
        name="Saint Orla / engine room",
        depends_on=("loc-001",),
        attributes={
            "description": "Two turbines, a maze of lagged pipes and a glass control booth.",
            "light": "bare bulbs with heat haze above them",
            "palette": "machine green, copper, soot",
            "sound": "continuous roar; near silence inside the booth",
        },
    ),
    Asset(
        key="cabin",
        asset_id="loc-007",
        kind="location",
        name="Saint Orla / deck six / cabin 614",
        depends_on=("loc-003",),
        attributes={
            "description": "A narrow outside cabin made up for a guest: bunk, mirror, porthole.",
            "light": "a single reading lamp that dips with the engine load",
            "palette": "cream enamel, walnut veneer, seasick green lino",
            "sound": "hangers chiming, water behind the wall",
        },
    ),
    Asset(
        key="quay",
        asset_id="loc-008",
        kind="location",
        name="Kessin quay",
        depends_on=("style-001", "style-004"),
        attributes={
            "description": "A ferry berth at the end of a bus line: ticket hatch, barrier, cranes.",
            "light": "sodium masts by night, low sun through haze by morning",
            "palette": "orange on black; later pearl and pale green",
            "sound": "rain on tin, halyards, gulls only at dawn",
        },
    ),
)

STYLES = (
    Asset(
        key="sodium",
        asset_id="style-001",
        kind="style",
        name="Sodium night",
        attributes={
            "description": "Hard amber light on wet surfaces; blacks that keep a little detail.",
            "palette": "amber, tar black, one saturated red",
            "lens": "spherical primes, T2, flares allowed",
            "grain": "coarse, pushed one stop",
        },
    ),
    Asset(
        key="tungsten",
        asset_id="style-002",
        kind="style",
        name="Saloon tungsten",
        attributes={
            "description": "Warm lamplight in pools, faces half in shade, frames within mirrors.",
            "palette": "tobacco, brass, claret",
            "lens": "vintage primes, soft at the edges",
            "grain": "fine",
        },
    ),
    Asset(
        key="fog",
        asset_id="style-003",
        kind="style",
        name="Fog blue",
        attributes={
            "description": "Low contrast, no horizon, backlit vapour; colour survives in close-up.",
            "palette": "slate, pewter, mustard yellow",
            "lens": "long lenses, heavy diffusion",
            "grain": "medium, lifted blacks",
        },
    ),
    Asset(
        key="first-light",
        asset_id="style-004",
        kind="style",
        name="First light",
        attributes={
            "description": "Soft sourceless dawn, skin tones true for the first time in the film.",
            "palette": "pearl, pale green, washed red",
            "lens": "clean modern primes, wide open",
            "grain": "almost none",
        },
    ),
)
