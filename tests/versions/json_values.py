"""Contents to try merges on: few keys and values, so that three of them meet often."""

from typing import Any

from hypothesis import strategies as st

KEYS = st.sampled_from(["a", "b", "tags", "notes", "image", "x.y"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "u", "v w", "v w.\nz"])
)
RECORDS = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from(["p", "q", 1])}, optional={"c": SCALARS}),
    max_size=3,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(SCALARS, RECORDS, st.lists(SCALARS, max_size=4)),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def json_objects() -> st.SearchStrategy[dict[str, Any]]:
    """Return objects that have keys and values in common."""
    return st.dictionaries(KEYS, VALUES, max_size=4)
