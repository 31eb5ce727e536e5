"""What the people of Night Ferry wear: one outfit each."""

from config.demo.cast import CHARACTERS
from config.demo.records import Asset

_ID_BY_INITIAL = {person.key: person.asset_id for person in CHARACTERS}


def _outfit(number: int, key: str, name: str, worn_by: str, **attributes: str) -> Asset:
    return Asset(
        key=key,
        asset_id=f"wardrobe-{number:03d}",
        kind="wardrobe",
        name=name,
        attributes=attributes,
        worn_by=_ID_BY_INITIAL[worn_by],
    )


WARDROBES = (
    _outfit(
        1,
        "red-coat",
        "Mara's red coat",
        "M",
        description="Knee-length wool coat, double-breasted, with a wide collar she turns up.",
        colour="poppy red, darkening to oxblood when soaked",
        fabric="boiled wool, black horn buttons, second button replaced with a brown one",
        condition="dry until the boat deck, then soaked, then torn at the left cuff",
    ),
    _outfit(
        2,
        "bridge-coat",
        "Captain's bridge coat",
        "R",
        description="Full-length naval bridge coat with four tarnished sleeve rings.",
        colour="midnight blue",
        fabric="melton wool, brass buttons polished every day",
        condition="immaculate; crushed and salt-streaked after the lifeboat",
    ),
    _outfit(
        3,
        "purser-uniform",
        "Purser's uniform",
        "E",
        description="Fitted jacket and skirt with the company's enamel pin on the collar.",
        colour="bottle green with a cream blouse",
        fabric="gabardine, elbows gone shiny",
        condition="pressed; the pin is missing from the bridge scene onward",
    ),
    _outfit(
        4,
        "boiler-suit",
        "Engineer's boiler suit",
        "T",
        description="One-piece boiler suit, sleeves rolled, rag in the hip pocket.",
        colour="orange washed out to apricot",
        fabric="heavy cotton drill, burn holes on the right forearm",
        condition="oil-stained throughout; wet to the thigh on the flooded car deck",
    ),
    _outfit(
        5,
        "fisher-jersey",
        "Lise's jersey",
        "L",
        description="A man's fisherman's jersey worn as a dress over rolled canvas trousers.",
        colour="navy, patched in three other blues",
        fabric="tightly knitted oiled wool with a family pattern at the yoke",
        condition="damp at the hem from the first scene",
    ),
    _outfit(
        6,
        "sheepskin",
        "Ivo's driving jacket",
        "I",
        description="Short sheepskin jacket, flat cap, and gloves with the fingers cut off.",
        colour="tan leather, yellowed fleece",
        fabric="suede sheepskin, broken zip",
        condition="dry at boarding, drenched on the car deck",
    ),
    _outfit(
        7,
        "lavender-tweed",
        "Mrs Pell's travelling suit",
        "P",
        description="Tweed suit with a silver anchor brooch, sensible shoes, clear umbrella.",
        colour="lavender flecked with heather",
        fabric="hand-woven tweed, silk lining",
        condition="perfect in every weather, to general surprise",
    ),
    _outfit(
        8,
        "mess-jacket",
        "Barman's mess jacket",
        "S",
        description="Waist-length white jacket over a black waistcoat and narrow tie.",
        colour="white gone ivory",
        fabric="starched cotton, one odd cufflink",
        condition="spotless until the signal lamp leaves grease on both sleeves",
    ),
    _outfit(
        9,
        "oilskin",
        "Jonas's oilskin",
        "J",
        description="Long deckhand's oilskin with J. VENN inked in the collar.",
        colour="chrome yellow, aged to mustard",
        fabric="linseed-proofed cotton, cracked along the folds",
        condition="new in the fog scenes; stiff, salt-bloomed and oversized on others since",
    ),
)
