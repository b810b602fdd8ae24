"""The admin lives where it is put, and nothing that is open to all says where."""

import importlib

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import clear_url_caches

from config import guards, urls
from users.tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved(settings):
    """Serve the admin at another address."""
    settings.ADMIN_PATH = "hidden/door/"
    importlib.reload(urls)
    clear_url_caches()
    yield
    settings.ADMIN_PATH = guards.USUAL_ADMIN_PATH
    importlib.reload(urls)
    clear_url_caches()


@pytest.mark.usefixtures("moved")
def test_it_is_there_with_its_sign_in_and_its_limits(client, superuser, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "login": "1/hour"}
    form = {"username": superuser.email, "password": PASSWORD}

    signed_in = client.post("/hidden/door/login/", form)

    assert signed_in["Location"] == "/hidden/door/"
    assert client.get("/hidden/door/users/user/").status_code == 200
    assert client.get("/hidden/door/second-factor/").status_code == 200
    assert client.post("/hidden/door/login/", form).status_code == 429


@pytest.mark.usefixtures("moved")
def test_the_usual_address_is_empty_and_nothing_tells_the_new_one(client):
    assert client.get("/admin/").status_code == 404
    for path in ("/", "/api/v1", "/openapi.json", "/docs", "/admin/", "/nothing", "/robots.txt"):
        assert "hidden/door" not in client.get(path).text, path


def test_the_front_page_leads_to_the_usual_one(client):
    assert 'href="/admin/"' in client.get("/").text


@pytest.mark.parametrize(("given", "path"), [("admin/", "admin/"), ("/a-b/C_1", "a-b/C_1/")])
def test_the_address_may_be_written_with_slashes_or_without(given, path):
    assert guards.admin_path(given) == path


@pytest.mark.parametrize("given", ["", "/", "api/v1", "health", "static/x", "docs", "a b", "a//b", "../x", "a<b>", "ä"])
def test_an_address_that_leads_elsewhere_or_nowhere_is_refused(given):
    with pytest.raises(ImproperlyConfigured, match="ADMIN_PATH"):
        guards.admin_path(given)
