"""The graphs that are measured: each reaches exactly as many dependents as are asked for; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from propagation.management.benchmark.graphs import CHANGED, Node, Use

LONGEST_CHAIN = 10_000
"""Longer ones are not made: no production has them, and what they cost grows evenly from here."""
SMALLEST_FILM = 6
"""A costume, three shots, a sequence and an act."""
SHOTS_OF_A_SEQUENCE = 20
SEQUENCES_OF_AN_ACT = 50
CHARACTERS, COSTUMES, PROPS, LOCATIONS = 40, 8, 200, 50


def make_star(targets: int) -> Iterator[Node]:
    """Yield one character, and the shots that use it."""
    yield Node(code="hero", kind="asset", type="character")
    for number in range(targets):
        yield Node(
            code=f"shot-{number:07}", kind="shot", type="shot", uses=[(CHANGED, "character")]
        )


def make_chain(targets: int) -> Iterator[Node]:
    """Yield props, each made from the one before it."""
    for number in range(targets + 1):
        uses = [(number - 1, "depends_on")] if number else []
        yield Node(code=f"link-{number:07}", kind="asset", type="prop", uses=uses)


def make_film(targets: int) -> Iterator[Node]:
    """Yield a film: characters, costumes, props, locations → shots → sequences → acts.

    The first character wears the costumes; every shot shows it, half of them in a costume, all
    with a prop and a location, some with another character. One shot in five more is of others
    only, and stays as it is. ValueError below SMALLEST_FILM.
    """
    if targets < SMALLEST_FILM:
        msg = f"a film has at least {SMALLEST_FILM} targets, not {targets}"
        raise ValueError(msg)
    costumes = min(COSTUMES, targets // SMALLEST_FILM)
    acts, sequences, shots = _divide(targets - costumes)
    index = 0
    for node in _list_assets(costumes):
        yield node
        index += 1
    shot = 0
    for act in range(acts):
        made: list[Use] = []
        for number in range(sequences * act // acts, sequences * (act + 1) // acts):
            inside: list[Use] = []
            end = shots * (number + 1) // sequences
            for node in _list_shots(range(shot, end), costumes):
                yield node
                inside.append((index, "in_sequence"))
                index += 1
            shot = end
            yield Node(code=f"seq-{number:06}", kind="sequence", type="sequence", uses=inside)
            made.append((index, "in_parent"))
            index += 1
        yield Node(code=f"act-{act:04}", kind="sequence", type="sequence", uses=made)
        index += 1


def _list_assets(costumes: int) -> Iterator[Node]:
    yield Node(code="hero", kind="asset", type="character")
    for number in range(costumes):
        uses = [(CHANGED, "worn_by")]
        yield Node(code=f"costume-{number}", kind="asset", type="wardrobe", uses=uses)
    for type_, count in (("character", CHARACTERS), ("prop", PROPS), ("location", LOCATIONS)):
        for number in range(count):
            yield Node(code=f"{type_}-{number}", kind="asset", type=type_)


def _list_shots(numbers: Iterable[int], costumes: int) -> Iterator[Node]:
    for number in numbers:
        others = _use_others(number, first=1 + costumes)
        uses = [(CHANGED, "character"), *others]
        if number % 2:
            uses.append((1 + number % costumes, "wardrobe"))
        yield Node(code=f"shot-{number:07}", kind="shot", type="shot", uses=uses)
        if number % 5 == 0:
            yield Node(code=f"shot-{number:07}-b", kind="shot", type="shot", uses=others)


def _use_others(number: int, *, first: int) -> list[Use]:
    """Return what a shot uses that the change does not reach."""
    first_prop = first + CHARACTERS
    location = first_prop + PROPS + number // SHOTS_OF_A_SEQUENCE % LOCATIONS
    uses = [(first_prop + number * 7 % PROPS, "prop"), (location, "location")]
    if number % 3 == 0:
        uses.append((first + number % CHARACTERS, "character"))
    return uses


SHAPES: Mapping[str, Callable[[int], Iterator[Node]]] = {
    "star": make_star,
    "film": make_film,
    "chain": make_chain,
}


def _divide(targets: int) -> tuple[int, int, int]:
    """Return how many acts, sequences and shots make so many targets together."""
    per_act = SEQUENCES_OF_AN_ACT * (SHOTS_OF_A_SEQUENCE + 1) + 1
    acts = -(-targets // per_act)
    sequences = max(acts, (targets - acts) // (SHOTS_OF_A_SEQUENCE + 1))
    shots = targets - acts - sequences
    return acts, sequences, shots
