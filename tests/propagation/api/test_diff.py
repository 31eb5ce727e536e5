"""GET diff: fields with words, and what is used."""

import pytest

from tests.builders import change, drive, load, star
from tests.client import APIClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed_film(db: None) -> None:
    """Have a hero who was changed twice, and a shot that followed once."""
    del db
    load(star(1))
    for text in ("a red coat", "a blue coat"):
        run = change("hero", look=text).run
        assert run is not None
        drive(run)


def test_a_field_differs_word_by_word(changed_film: None, api: APIClient) -> None:
    del changed_film
    answer = api.get("/api/v1/assets/hero/versions/2/diff/3").json()
    assert (answer["before"], answer["after"]) == ("hero_v2", "hero_v3")
    (field,) = answer["fields"]
    assert (field["field"], field["before"], field["after"]) == (
        "look",
        "a red coat",
        "a blue coat",
    )
    assert [(span["kind"], span["text"]) for span in field["words"]] == [
        ("kept", "a "),
        ("removed", "red"),
        ("added", "blue"),
        ("kept", " coat"),
    ]


def test_a_shot_differs_by_what_it_uses(changed_film: None, api: APIClient) -> None:
    del changed_film
    uses = api.get("/api/v1/assets/shot-00000/versions/1/diff/3").json()["uses"]
    (moved,) = uses["moved"]
    assert (moved["id"], moved["role"]) == ("hero", "character")
    assert (moved["before"], moved["after"]) == ("hero_v1", "hero_v3")
    assert [one["field"] for one in moved["fields"]] == ["look"]


def test_a_version_that_is_not_there_is_not_found(changed_film: None, api: APIClient) -> None:
    del changed_film
    for path in ("1/diff/4", "4/diff/1", "0/diff/1", f"1/diff/{10**30}"):
        assert api.get(f"/api/v1/assets/hero/versions/{path}").status_code == 404
