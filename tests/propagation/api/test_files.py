"""POST /projects/{id}/files and GET /files/{key}: uploads, and who reads them as what."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from assets.models import Role
from tests.builders import load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    list_pointers,
    nothing_written,
    post,
    read_any_problem,
    read_bytes,
    read_problem,
    send,
)
from tests.server import Server
from versions.models import StoredFile

pytestmark = pytest.mark.django_db
PATH = "/api/v1/projects/film/files"
PNG = bytes(range(256)) * 1000


def send_file(api: APIClient, content: bytes = PNG, name: str = "hero.png") -> Answer:
    """Send the file as a browser does."""
    return api.post(PATH, {"file": SimpleUploadedFile(name, content)}, format="multipart")


def upload(api: APIClient, content: bytes = PNG, name: str = "hero.png") -> dict[str, Any]:
    """Upload the file, and return what is answered."""
    answer = send_file(api, content, name)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def send_form(api: APIClient, *parts: tuple[str, str]) -> Answer:
    """Send a form as it is written: each part its disposition and its content."""
    body = "".join(
        f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n"
        for disposition, content in parts
    )
    raw = f"{body}--x--\r\n".encode()
    return send(
        api, "POST", "projects/film/files", raw, CONTENT_TYPE="multipart/form-data; boundary=x"
    )


def list_stored() -> set[Path]:
    """Return the files that lie in the storage."""
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def test_a_file_comes_back_byte_for_byte(as_artist: APIClient) -> None:
    stored = upload(as_artist)
    digest = hashlib.sha256(PNG).hexdigest()
    key = stored["file"]
    assert stored == {
        "file": key,
        "name": "hero.png",
        "content_type": "image/png",
        "size": len(PNG),
        "sha256": digest,
        "url": f"/api/v1/files/{key}",
    }
    answer = as_artist.get(stored["url"])
    assert (answer.status_code, read_bytes(answer)) == (200, PNG)
    assert (answer["Content-Type"], answer["Content-Length"]) == ("image/png", str(len(PNG)))
    assert answer["ETag"] == f'"{digest}"'


def test_the_answer_says_where_the_file_is(as_artist: APIClient) -> None:
    answer = send_file(as_artist)
    assert answer["Location"] == answer.json()["url"]


def test_a_large_file_is_kept_whole(as_artist: APIClient) -> None:
    content = PNG * 12  # beyond what is kept in memory
    stored = upload(as_artist, content)
    assert (stored["size"], stored["sha256"]) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert read_bytes(as_artist.get(stored["url"])) == content


@pytest.mark.django_db(transaction=True)
def test_a_real_server_takes_and_gives_more_than_a_json_body_may_have(
    http: httpx.Client, server_process: Server
) -> None:
    load(star(1))
    content = PNG * 40
    assert len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    stored = http.post("/projects/film/files", files={"file": ("a.mp4", content)}).json()
    assert (stored["size"], stored["content_type"]) == (len(content), "video/mp4")
    assert http.get(stored["url"].removeprefix("/api/v1")).content == content
    # Django says so when it reads a whole file into memory before it sends the first byte of it.
    log = (settings.HOME / f"server-{server_process.port}.log").read_text()
    assert "StreamingHttpResponse must consume" not in log


def test_the_same_name_twice_is_two_files(as_artist: APIClient) -> None:
    first, second = upload(as_artist, b"1"), upload(as_artist, b"2")
    assert first["file"] != second["file"]
    assert [read_bytes(as_artist.get(one["url"])) for one in (first, second)] == [b"1", b"2"]


def test_a_row_remembers_who_uploaded_what(as_artist: APIClient) -> None:
    stored = StoredFile.objects.get(key=upload(as_artist)["file"])
    assert stored.author
    assert (stored.project.code, stored.author.username, stored.name, stored.size) == (
        "film",
        "artist",
        "hero.png",
        len(PNG),
    )


def test_a_viewer_reads_and_does_not_upload(as_viewer: APIClient, as_artist: APIClient) -> None:
    before = list_stored()
    with nothing_written():
        problem = read_problem(send_file(as_viewer), 403, "forbidden")
    assert "'artist'" in problem["detail"]
    assert list_stored() == before
    answer = as_viewer.get(upload(as_artist)["url"])
    assert (answer.status_code, read_bytes(answer)) == (200, PNG)


def test_files_of_others_are_not_there(as_artist: APIClient) -> None:
    stored = upload(as_artist)
    load(star(1), code="other")
    stranger = APIClient()
    stranger.force_authenticate(make_user("stranger", roles={"other": Role.ADMIN}))
    present = read_problem(stranger.get(stored["url"]), 404, "not-found")
    absent = read_problem(stranger.get("/api/v1/files/1/none.png"), 404, "not-found")
    assert present["detail"] == absent["detail"]
    before = list_stored()
    read_problem(send_file(stranger), 404, "not-found")
    assert list_stored() == before


def test_nobody_reads_or_uploads_without_signing_in(as_artist: APIClient) -> None:
    url = upload(as_artist)["url"]
    read_problem(APIClient().get(url), 401, "unauthenticated")
    read_problem(send_file(APIClient()), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("name", "content_type", "is_shown"),
    [
        ("a.png", "image/png", True),
        ("a.PNG", "image/png", True),
        ("a.jpg", "image/jpeg", True),
        ("a.gif", "image/gif", True),
        ("a.mp4", "video/mp4", True),
        ("a.mp3", "audio/mpeg", True),
        ("a.svg", "image/svg+xml", False),
        ("a.html", "text/html", False),
        ("a.png.html", "text/html", False),
        ("a.xhtml", "application/xhtml+xml", False),
        ("a.js", "text/javascript", False),
        ("a.txt", "text/plain", False),
        ("a.pdf", "application/pdf", False),
        ("a.unknown", "application/octet-stream", False),
        ("a", "application/octet-stream", False),
    ],
)
def test_the_name_says_the_type_and_only_what_runs_no_script_is_shown(
    as_artist: APIClient,
    name: str,
    content_type: str,
    is_shown: bool,  # noqa: FBT001
) -> None:
    stored = upload(as_artist, b"<script>alert(1)</script>", name)
    assert stored["content_type"] == content_type
    answer = as_artist.get(stored["url"])
    read_bytes(answer)
    assert answer["Content-Type"] == content_type
    disposition = "inline" if is_shown else "attachment"
    assert answer["Content-Disposition"] == f'{disposition}; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


HOSTILE = {
    "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a.html": b"<script>alert(document.cookie)</script>",
    "a.xml": b'<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
    "a.png": b"<html><script>alert(1)</script></html>",
    "a.gif": b"GIF89a/*<script>*/=1;alert(1)//</script>",
    "a.mp4": b"\xef\xbb\xbf<!DOCTYPE html><script>alert(1)</script>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_somebody_uploads_runs_in_a_browser(as_artist: APIClient, name: str) -> None:
    answer = as_artist.get(upload(as_artist, HOSTILE[name], name)["url"])
    assert read_bytes(answer) == HOSTILE[name]
    # As what its name says, and as nothing else, whatever it looks like.
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    is_shown = answer["Content-Disposition"].startswith("inline")
    assert is_shown == answer["Content-Type"].startswith(("image/png", "image/gif", "video/"))


def test_the_type_that_a_client_says_does_not_count(as_artist: APIClient) -> None:
    file = SimpleUploadedFile("a.png", b"x", content_type="text/html")
    answer = as_artist.post(PATH, {"file": file}, format="multipart")
    assert answer.json()["content_type"] == "image/png"


@pytest.mark.parametrize(
    "name",
    [
        "hero shot (final).png",
        "Ünïcode-пальто-😀.png",
        'quo"te.png',
        "semi;colon, comma.png",
        "percent%20%2F.png",
        "plus+and&.png",
        ".hidden.png",
        "-rf.png",
        "con.png",
        "a" * 200 + ".png",
    ],
)
def test_a_name_of_any_characters_is_kept_and_its_url_is_plain(
    as_artist: APIClient, name: str
) -> None:
    stored = upload(as_artist, b"x", name)
    assert stored["name"] == name
    assert stored["url"].isascii()
    assert not set(stored["url"]) & set(" \"'%+&;,?#\\")
    answer = as_artist.get(stored["url"])
    assert (answer.status_code, read_bytes(answer)) == (200, b"x")
    assert answer["Content-Disposition"].isascii()


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.png", "..\\\\..\\\\evil.png", "/etc/evil.png", "C:\\\\evil.png"]
)
def test_a_name_that_is_a_path_stays_in_its_folder(as_artist: APIClient, name: str) -> None:
    before = list_stored()
    answer = send_form(as_artist, (f'name="file"; filename="{name}"', "x"))
    assert answer.status_code == 201, answer.content
    (path,) = list_stored() - before
    key = answer.json()["file"]
    assert path == Path(settings.MEDIA_ROOT) / key
    assert ".." not in key
    assert len(Path(key).parts) == 3


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [('name="other"', "x")],
        [('name="file"', "x")],
        [('name="file"; filename=""', "x")],
        [('name="file"; filename="a.png"', "")],
        [('name="file"; filename=".."', "x")],
    ],
)
def test_a_form_without_a_file_is_refused(
    as_artist: APIClient, parts: list[tuple[str, str]]
) -> None:
    before = list_stored()
    with nothing_written():
        answer = send_form(as_artist, *parts)
    assert answer.status_code == 422, answer.content
    expected = ["/other"] if parts[:1] == [('name="other"', "x")] else ["/file"]
    assert list_pointers(answer.json()) == expected
    assert list_stored() == before


def test_two_files_are_not_one(as_artist: APIClient) -> None:
    with nothing_written():
        answer = send_form(
            as_artist,
            ('name="file"; filename="a.png"', "a"),
            ('name="file"; filename="b.png"', "b"),
        )
    assert list_pointers(read_problem(answer, 422, "validation-error")) == ["/file"]


def test_an_unknown_field_of_the_form_is_named(as_artist: APIClient) -> None:
    with nothing_written():
        answer = send_form(as_artist, ('name="file"; filename="a.png"', "a"), ('name="nam"', "b"))
    assert list_pointers(read_problem(answer, 422, "unknown-field")) == ["/nam"]


@pytest.mark.parametrize("content_type", ["application/json", "image/png", "text/plain"])
def test_a_file_comes_in_a_form(as_artist: APIClient, content_type: str) -> None:
    with nothing_written():
        answer = send(
            as_artist, "POST", "projects/film/files", b'{"file": 1}', CONTENT_TYPE=content_type
        )
    read_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=\xff".encode("latin-1").decode("latin-1"), b"x"),
    ],
)
def test_a_form_that_cannot_be_read_is_a_problem(
    as_artist: APIClient, content_type: str, raw: bytes
) -> None:
    with nothing_written():
        answer = send(as_artist, "POST", "projects/film/files", raw, CONTENT_TYPE=content_type)
    assert answer.status_code in (400, 422)
    read_problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    "parts",
    [
        [('name="file"', "x" * 6_000_000)],
        [(f'name="f{number}"; filename="a.png"', "x") for number in range(200)],
    ],
    ids=["a text of 6 MB", "200 files"],
)
def test_a_form_that_is_too_much_is_a_problem(
    as_artist: APIClient, parts: list[tuple[str, str]]
) -> None:
    before = list_stored()
    with nothing_written():
        answer = send_form(as_artist, *parts)
    assert answer.status_code in (400, 413)
    read_problem(answer, answer.status_code, answer.json()["code"])
    assert list_stored() == before


@pytest.mark.parametrize(
    "key", ["", "1", "none.png", "../settings.py", "1/../../x", "%00", "1/a%00.png", "a" * 5000]
)
def test_a_key_that_no_file_has_is_not_found(as_artist: APIClient, key: str) -> None:
    upload(as_artist)
    read_problem(as_artist.get(f"/api/v1/files/{key}"), 404, "not-found")


def test_a_file_that_is_gone_from_the_storage_is_not_found(as_artist: APIClient) -> None:
    stored = upload(as_artist)
    (Path(settings.MEDIA_ROOT) / stored["file"]).unlink()
    read_problem(as_artist.get(stored["url"]), 404, "not-found")


@pytest.mark.parametrize("accept", ["*/*", "image/png", "image/*", "image/avif,*/*;q=0.8"])
def test_a_file_is_answered_as_browsers_ask_for_it(as_artist: APIClient, accept: str) -> None:
    answer = as_artist.get(upload(as_artist)["url"], HTTP_ACCEPT=accept)
    if answer.streaming:
        read_bytes(answer)
    assert answer.status_code == 200


def test_a_version_names_an_uploaded_file(as_artist: APIClient) -> None:
    stored = upload(as_artist)
    body = {"slot": "poster", "type": "image", "media": [{"file": stored["file"]}]}
    answer = post(as_artist, "assets/hero/versions", body)
    assert answer.status_code == 201, answer.content
    shown = as_artist.get("/api/v1/assets/hero/versions/1?slot=poster").json()
    assert shown["url"] == answer.json()["versions"][0]["url"] == stored["url"]
    assert shown["file"] == {
        "key": stored["file"],
        "name": "hero.png",
        "content_type": "image/png",
        "size": len(PNG),
        "sha256": stored["sha256"],
    }
    found = as_artist.get("/api/v1/projects/film/best?type=assets&id=hero&slot=poster&only=url")
    assert found.json()["data"] == {"hero": {"poster": stored["url"]}}


def test_a_file_of_another_project_is_in_no_version(as_artist: APIClient, api: APIClient) -> None:
    key = upload(as_artist)["file"]
    load(star(1), code="other")
    body = {"slot": "poster", "type": "image", "media": [{"file": key}]}
    with nothing_written():
        problem = read_problem(post(api, "assets/other:hero/versions", body), 422, "invalid-media")
    assert list_pointers(problem) == ["/media/0/file"]
    assert post(api, "assets/film:hero/versions", body).status_code == 201


def test_uploading_has_no_parameters(as_artist: APIClient) -> None:
    with nothing_written():
        answer = as_artist.post(f"{PATH}?name=a.png", {"file": SimpleUploadedFile("a.png", b"x")})
    read_problem(answer, 400, "unknown-parameter")


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=5-", 206, 5, 26),
        ("bytes=-4", 206, 22, 26),
        ("bytes=20-99", 206, 20, 26),
        ("bytes=-99", 206, 0, 26),
        ("bytes=9-5", 200, 0, 26),
        ("bytes=0-1,4-5", 200, 0, 26),
        ("pages=1-2", 200, 0, 26),
    ],
)
def test_a_player_reads_the_part_that_it_asks_for(
    film: None, api: APIClient, asked: str, status: int, first: int, last: int
) -> None:
    whole = bytes(range(ord("a"), ord("z") + 1))
    key = upload(api, content=whole)["file"]
    answer = api.get(f"/api/v1/files/{key}", HTTP_RANGE=asked)
    assert (answer.status_code, read_bytes(answer)) == (status, whole[first:last])
    assert answer["Content-Length"] == str(last - first)
    if status == 206:
        assert answer["Content-Range"] == f"bytes {first}-{last - 1}/26"


@pytest.mark.parametrize("asked", ["bytes=26-", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(film: None, api: APIClient, asked: str) -> None:
    key = upload(api, content=b"x" * 26)["file"]
    read_problem(api.get(f"/api/v1/files/{key}", HTTP_RANGE=asked), 416, "range-not-satisfiable")


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", ""]
)
def test_a_request_without_a_form_names_what_is_missing(
    film: None, api: APIClient, content_type: str
) -> None:
    with nothing_written():
        answer = api.generic("POST", PATH, content_type=content_type)
    assert read_any_problem(answer)["status"] in (415, 422)


def test_beyond_the_end_the_length_is_told(film: None, api: APIClient) -> None:
    key = upload(api, content=b"x" * 26)["file"]
    answer = api.get(f"/api/v1/files/{key}", HTTP_RANGE="bytes=99-")
    assert answer["Content-Range"] == "bytes */26"
