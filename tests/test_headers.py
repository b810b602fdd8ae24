"""What every answer tells browsers: nothing from elsewhere, nothing inline, nothing to embed, nothing to leak."""

import re

import pytest
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from config.tests.test_guards import start
from finances import uploads
from users.tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
PATHS = {
    "page": "/", "admin": "/admin/login/", "api": "/api/v1", "refusal": "/api/v1/accounts", "nothing": "/nothing",
    "health": "/health", "document": "/openapi.json", "docs": "/docs", "redoc": "/redoc",
    "static": "/static/finances/admin.css",
}  # fmt: skip
STRICT = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self'; manifest-src 'self'; script-src 'self'; "
    "style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.fixture
def get(client):
    """Return a function that gets an answer and lets go of its file."""

    def get_and_close(path):
        answer = client.get(path)
        answer.close()
        return answer

    return get_and_close


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_every_answer_has_them(get, path):
    answer = get(path)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert path.startswith("/static/") or answer["X-Frame-Options"] == "DENY"  # for browsers without frame-ancestors
    assert "camera=()" in answer["Permissions-Policy"]
    assert "Server" not in answer
    assert "X-Powered-By" not in answer


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_the_security_policy_is_strict_and_looser_for_the_documents_alone(get, path):
    policy = get(path)["Content-Security-Policy"]

    assert (policy == STRICT) is (path not in {"/docs", "/redoc"})
    scripts = re.search(r"script-src ([^;]+)", policy)[1]
    assert scripts == "'self'"


def test_our_own_fault_has_them_too(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("config.index.LandingView.get_context_data", lambda *_args, **_more: 1 / 0)

    answer = client.get("/")

    assert answer.status_code == 500
    assert answer["Content-Security-Policy"] == STRICT


@pytest.mark.parametrize("name", ["admin:index", "docs", "redoc", "landing"])
def test_no_page_has_scripts_of_its_own(client, superuser, name):
    client.force_login(superuser)
    page = client.get(reverse(name)).text

    assert not [tag for tag in re.findall(r"<script[^>]*>", page) if " src=" not in tag]
    assert not re.findall(r"<[a-z][^>]* on[a-z]+=", page)


def test_private_answers_are_kept_by_no_proxy_and_not_used_unasked(api):
    assert api.get("/api/v1/accounts")["Cache-Control"] == "private, no-cache"


def test_pages_of_the_admin_are_not_kept_at_all(client, superuser):
    client.force_login(superuser)

    for path in ("/admin/", "/admin/users/user/", "/admin/second-factor/"):
        assert "no-store" in client.get(path)["Cache-Control"], path


def test_cookies_are_for_this_site_and_for_no_script(client, superuser):
    client.get("/admin/login/")
    client.post("/admin/login/", {"username": superuser.email, "password": PASSWORD})

    cookies = client.cookies
    assert set(cookies) == {"csrftoken", "sessionid"}
    for cookie in cookies.values():
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", ""), (
            cookie
        )
    assert cookies["sessionid"]["max-age"] == 12 * 3600


def test_the_api_sets_no_cookie(api, user):
    for path in ("/api/v1/accounts", "/api/v1", "/docs", "/"):
        assert not api.get(path).cookies, path


def test_in_production_browsers_are_told_to_insist_on_https(tmp_path):
    told = start(
        tmp_path,
        "import django; django.setup(); from django.conf import settings as s; from django.test import Client;"
        "a = Client().get('/health', secure=True, headers={'Host': 'finances.example'});"
        "b = Client().get('/', headers={'Host': 'finances.example'});"
        "print(a['Strict-Transport-Security'], b.status_code, b['Location'],"
        " s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE)",
        DJANGO_SETTINGS_MODULE="config.settings",
    )

    assert (
        told.stdout.strip()
        == "max-age=31536000 301 https://finances.example/ __Host-sessionid True __Host-csrftoken True"
    )


@pytest.mark.parametrize("sent", ["evil.example", "finances.example.evil.example", "finances.example@evil.example", ""])
def test_a_host_that_is_not_ours_gets_nothing(client, settings, sent):
    settings.ALLOWED_HOSTS = ["finances.example"]

    answer = client.get("/", headers={"Host": sent})

    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_a_stranger_cannot_fill_the_disk(client, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    file = SimpleUploadedFile("x", b"x" * (uploads.MOST + 1))

    answer = client.post("/admin/login/", {"username": "a", "password": "b", "file": file})

    assert answer.status_code == 400
    assert not list(tmp_path.iterdir())


def test_a_body_of_many_fields_is_refused(client):
    form = {f"field{number}": "x" for number in range(project.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}

    assert client.post("/admin/login/", form).status_code == 400


def test_forms_without_their_token_are_refused(superuser):
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    form = {"username": superuser.email, "password": PASSWORD, "action": "deactivate"}

    for path in ("/admin/login/", "/admin/logout/", "/admin/second-factor/", "/admin/users/user/"):
        assert client.post(path, form).status_code == 403, path


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/auth/login", "/admin/login/", "/health"])
def test_trace_is_not_answered(client, path):
    answer = client.trace(path, headers={"X-Secret": "tell-nobody"})

    assert answer.status_code == 405
    assert "tell-nobody" not in answer.text
