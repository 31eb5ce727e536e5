"""The graphs that are measured: each reaches exactly as many dependents as are asked for; pure."""

from collections.abc import Callable, Iterator, Mapping

from propagation.management.benchmark.graphs import CHANGED, Node, Use

LONGEST_CHAIN = 10_000
"""Longer ones are not made: no production has them, and what they cost grows evenly from here."""
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
    only, and stays as it is. ValueError below 12 targets.
    """
    costumes = min(COSTUMES, targets // 6)
    acts, sequences, shots = _divide(targets - costumes)
    yield Node(code="hero", kind="asset", type="character")
    for number in range(costumes):
        code = f"costume-{number}"
        yield Node(code=code, kind="asset", type="wardrobe", uses=[(CHANGED, "worn_by")])
    first_other = 1 + costumes
    for type_, count in (("character", CHARACTERS), ("prop", PROPS), ("location", LOCATIONS)):
        for number in range(count):
            yield Node(code=f"{type_}-{number}", kind="asset", type=type_)
    first_prop = first_other + CHARACTERS
    first_location = first_prop + PROPS

    def use(number: int) -> list[Use]:
        uses = [
            (first_prop + number * 7 % PROPS, "prop"),
            (first_location + number // SHOTS_OF_A_SEQUENCE % LOCATIONS, "location"),
        ]
        if number % 3 == 0:
            uses.append((first_other + number % CHARACTERS, "character"))
        return uses

    index = first_location + LOCATIONS
    number = made_sequences = 0
    for act in range(acts):
        made: list[int] = []
        for _ in range(_share(sequences, acts, act)):
            inside: list[Use] = []
            for at in range(_share(shots, sequences, made_sequences)):
                uses = [(CHANGED, "character"), *use(number)]
                if number % 2:
                    uses.append((1 + number % costumes, "wardrobe"))
                yield Node(code=f"shot-{number:07}", kind="shot", type="shot", uses=uses)
                inside.append((index, "in_sequence"))
                index += 1
                number += 1
                if at % 5 == 0:
                    code = f"shot-{number:07}-other"
                    yield Node(code=code, kind="shot", type="shot", uses=use(number))
                    inside.append((index, "in_sequence"))
                    index += 1
            code = f"sequence-{made_sequences:06}"
            yield Node(code=code, kind="sequence", type="sequence", uses=inside)
            made.append(index)
            index += 1
            made_sequences += 1
        uses = [(one, "in_parent") for one in made]
        yield Node(code=f"act-{act:04}", kind="sequence", type="sequence", uses=uses)
        index += 1


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
    if shots < sequences:
        msg = f"a film has at least 12 targets, not {targets}"
        raise ValueError(msg)
    return acts, sequences, shots


def _share(total: int, parts: int, part: int) -> int:
    """Return the size of one of several parts that differ by one at most."""
    return total * (part + 1) // parts - total * part // parts
