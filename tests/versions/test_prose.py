"""Word by word, prose is neither lost nor invented."""

from hypothesis import given
from hypothesis import strategies as st

from versions.prose import LONGEST_PROSE, Span, compare_words

prose = st.text("ab .,\n", max_size=30)


def join(spans: list[Span], *kinds: str) -> str:
    """Return the text of the spans of these kinds."""
    return "".join(span.text for span in spans if span.kind in kinds)


@given(prose, prose)
def test_both_texts_can_be_read_from_the_spans(before: str, after: str) -> None:
    spans = compare_words(before, after)
    assert join(spans, "kept", "removed") == before
    assert join(spans, "kept", "added") == after


@given(prose)
def test_equal_texts_are_kept_whole(text: str) -> None:
    assert compare_words(text, text) == ([Span(kind="kept", text=text)] if text else [])


def test_only_the_words_that_differ_are_marked() -> None:
    spans = compare_words("Mara wears a red coat.", "Mara wears a dark blue coat.")
    assert [(span.kind, span.text) for span in spans] == [
        ("kept", "Mara wears a "),
        ("removed", "red"),
        ("added", "dark blue"),
        ("kept", " coat."),
    ]


def test_a_text_beyond_the_limit_is_shown_as_a_whole() -> None:
    before, after = "a " * LONGEST_PROSE, "a " * LONGEST_PROSE + "b"
    assert [span.kind for span in compare_words(before, after)] == ["removed", "added"]
