"""A media document comes back as it was written, and a URL is one that files lie behind."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.canonical import write_canonical
from versions.media import (
    SCHEMES,
    SLOT_PATTERN,
    URL_LENGTH,
    MediaDocument,
    check_url,
    read_media,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
objects = st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=3)
documents = st.builds(
    MediaDocument,
    type=st.sampled_from(["image", "video", "audio", "text", "model"]),
    url=texts,
    file=objects,
    thumbnail_url=texts,
    provenance=objects,
)
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)


@given(documents)
def test_a_document_comes_back_as_it_was_written(document: MediaDocument) -> None:
    assert read_media(document.write()) == document
    assert read_media(json.loads(write_canonical(document.write()))) == document


@given(documents)
def test_what_is_not_known_is_left_out(document: MediaDocument) -> None:
    assert all(document.write().values())


@given(
    st.sampled_from([*SCHEMES, *(scheme.upper() for scheme in SCHEMES)]),
    words,
    st.lists(words, max_size=3),
    st.integers(0, 9),
)
def test_an_absolute_url_of_a_known_scheme_is_taken(
    scheme: str, host: str, path: list[str], port: int
) -> None:
    check_url(f"{scheme}://{host}.test:{8000 + port}/{'/'.join(path)}?take=1#t=1,2")
    check_url(f"{scheme}://{host}/{'/'.join(path)}")


@pytest.mark.parametrize(
    "url",
    [
        "https://files.test/a%20b.png",
        "http://[::1]:9000/bucket/a.png",
        "s3://bucket/key",
        "gs://bucket/key",
        "az://container/key",
        "file:///mnt/shots/a.exr",
        "file://server/share/a.exr",
        "https://a.test/" + "x" * (URL_LENGTH - 15),
    ],
)
def test_a_url_of_a_file_is_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "must begin"),
        ("a.png", "must begin"),
        ("/mnt/a.png", "must begin"),
        ("//files.test/a.png", "must begin"),
        ("javascript:alert(1)", "must begin"),
        ("JavaScript://files.test/%0aalert(1)", "must begin"),
        ("data:image/png;base64,AAAA", "must begin"),
        ("ftp://files.test/a.png", "must begin"),
        ("vbscript:x", "must begin"),
        ("blob:https://files.test/1", "must begin"),
        ("https:files.test/a.png", "names a host"),
        ("https:///a.png", "names a host"),
        ("s3:bucket/key", "names a host"),
        ("https://me@files.test/a.png", "user name"),
        ("https://me:secret@files.test/a.png", "user name"),
        ("file://me@server/a.png", "user name"),
        ("https://files.test/a b.png", "percent-encode"),
        (" https://files.test/a.png", "percent-encode"),
        ("https://files.test/a.png\n", "percent-encode"),
        ("https://files.test/\0", "percent-encode"),
        ("java\tscript:alert(1)", "percent-encode"),
        ("https://files.test\\@evil.test/", "percent-encode"),
        ("https://files.test/\x7f", "percent-encode"),
        ("https://files.test/\ud800", "percent-encode"),
        ("https://[::1/a.png", "."),
        ("https://a.test/" + "x" * (URL_LENGTH - 14), "2048 characters"),
    ],
)
def test_what_is_no_url_of_a_file_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://:443/a.png", "https://a.test:port/a.png", "file:", "file://"]
)
def test_a_url_that_names_no_host_port_or_file_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_url(url)


@pytest.mark.parametrize("space", ["\x85", "\xa0", "\u2028", "\u3000"])
def test_white_space_beyond_ascii_is_refused(space: str) -> None:
    with pytest.raises(ValueError, match="percent-encode"):
        check_url(f"https://files.test/a{space}b.png")


@given(st.text(max_size=40))
def test_any_other_text_is_taken_or_a_value_error(text: str) -> None:
    try:
        check_url(text)
    except ValueError:
        return
    assert text.split(":", maxsplit=1)[0].lower() in SCHEMES


@pytest.mark.parametrize("slot", ["a", "scene_video", "take2", "x" * 64])
def test_a_slot_is_a_word(slot: str) -> None:
    assert re.match(SLOT_PATTERN, slot)


@pytest.mark.parametrize("slot", ["", "A", "2a", "_a", "a-b", "a b", "a\n", "ä", "x" * 65, "a/b"])
def test_anything_else_is_no_slot(slot: str) -> None:
    assert not re.match(SLOT_PATTERN, slot)
