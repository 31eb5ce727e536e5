"""The nine people of Night Ferry. Each key is the initial that the script uses."""

from config.demo.records import Asset


def _person(number: int, key: str, name: str, **attributes: str | int) -> Asset:
    return Asset(
        key=key,
        asset_id=f"char-{number:03d}",
        kind="character",
        name=name,
        attributes=attributes,
    )


CHARACTERS = (
    _person(
        1,
        "M",
        "Mara",
        full_name="Mara Venn",
        description="A marine insurance assessor who has never once been on a ship since her"
        " brother vanished from this one. Dry, exact, slow to anger and then unstoppable.",
        age=34,
        hair="dark brown, chin length, cut by herself; plastered flat whenever it rains",
        eyes="grey, left one faintly narrower, so that she seems to be taking aim",
        build="slight, upright, walks as if carrying something full",
        wardrobe="red coat",
        distinguishing_mark="white scar across the right thumb, from a file",
    ),
    _person(
        2,
        "R",
        "Captain Reik",
        full_name="Aldous Reik",
        description="Master of the Saint Orla for twenty-six years. Courteous to the point of"
        " menace; has told one lie so long that he wears it like the uniform.",
        age=63,
        hair="steel grey, brushed straight back; nearly black eleven years ago",
        eyes="pale blue, red-rimmed from watches",
        build="tall, stooped at the neck from low doorways",
        wardrobe="captain's dark blue bridge coat",
        distinguishing_mark="rope scar over the knuckles of his left hand",
    ),
    _person(
        3,
        "E",
        "Edda",
        full_name="Edda Holm",
        description="The purser. Keeps every list aboard and once crossed out a name on one of"
        " them. Straightens things when she is frightened.",
        age=51,
        hair="ash blonde, pinned in a roll that never moves",
        eyes="hazel, always checking the clock",
        build="compact, quick, silent on carpet",
        wardrobe="purser's bottle-green uniform",
        distinguishing_mark="pencil behind the right ear",
    ),
    _person(
        4,
        "T",
        "Tomas",
        full_name="Tomas Quill",
        description="Night engineer. Half deaf and proud of it; trusts gauges, notebooks and"
        " nobody's version of events.",
        age=58,
        hair="bald, with a grey beard singed on one side",
        eyes="brown, deep set, kind",
        build="broad, bow-legged, oil in every crease of the hands",
        wardrobe="faded orange boiler suit",
        distinguishing_mark="stethoscope round the neck",
    ),
    _person(
        5,
        "L",
        "Lise",
        full_name="Lise Arden",
        description="A girl travelling with an accordion case that holds no accordion. The only"
        " survivor of the Petrel, raised on the skerry, fearless about everything but sleep.",
        age=19,
        hair="fair, waist-length plait, ends bleached by salt",
        eyes="sea green, seldom blinking",
        build="small, wiry, usually barefoot",
        wardrobe="patched fisherman's jersey",
        distinguishing_mark="brass whistle on a tarred lanyard",
    ),
    _person(
        6,
        "I",
        "Ivo",
        full_name="Ivo Brandt",
        description="A lorry driver who hauls oranges north and silence south. Took money to bring"
        " a van aboard and has been sorry ever since.",
        age=45,
        hair="black curls going grey, flattened by a cap",
        eyes="black, apologetic",
        build="heavy in the shoulder, light on his feet",
        wardrobe="sheepskin driving jacket",
        distinguishing_mark="key on a bootlace round the neck",
    ),
    _person(
        7,
        "P",
        "Mrs Pell",
        full_name="Constance Pell",
        description="A harbour pilot's widow who has crossed every Thursday for eleven years and"
        " plays patience as others pray. She has planned tonight to the minute.",
        age=76,
        hair="white, set in neat waves under a rain bonnet",
        eyes="bright blue behind tortoiseshell glasses",
        build="tiny, straight-backed",
        wardrobe="lavender tweed suit",
        distinguishing_mark="ink on two fingers of the right hand",
    ),
    _person(
        8,
        "S",
        "Sunny",
        full_name="Sunil Dass",
        description="Barman of the saloon, the ship's memory for faces. Offers tea at the moments"
        " when other people would offer advice.",
        age=39,
        hair="black, parted with a ruler",
        eyes="dark, attentive, amused",
        build="slim, balances in any sea with a full tray",
        wardrobe="white mess jacket",
        distinguishing_mark="a foreign coin worn as a cufflink",
    ),
    _person(
        9,
        "J",
        "Jonas",
        full_name="Jonas Venn",
        description="Mara's brother, a deckhand, seen only in one night of fog and in a photograph."
        " Hums, dawdles, and does the brave thing before he has thought about it.",
        age=24,
        hair="dark brown, curling with damp",
        eyes="grey, like his sister's",
        build="long-limbed, quick with ropes",
        wardrobe="yellow oilskin",
        distinguishing_mark="gap between the front teeth",
    ),
)
