import pytest

pytestmark = pytest.mark.django_db


def test_a_person_registers_signs_in_and_reads_their_profile(nobody):
    body = {"username": "ada", "email": "Ada@Example.org", "password": "correct horse"}
    status, made = nobody.post("/register", body)
    assert status == 201
    assert made["email"] == "ada@example.org"
    status, session = nobody.post("/login", {"username": "ADA", "password": "correct horse"})
    assert (status, session["userId"]) == (200, made["userId"])
    status, profile = nobody.get("/profile", Authorization=f"Bearer {session['accessToken']}")
    assert (status, profile["username"]) == (200, "ada")
