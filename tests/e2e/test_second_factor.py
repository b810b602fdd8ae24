"""A second factor in a real browser, and the documents, under their security policies."""

import base64
import time

import pytest
from django.urls import reverse
from django_otp.oath import totp
from selenium.webdriver.common.by import By

from users.tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def code_of(key):
    """Return the code of this moment for a key as it is typed."""
    return f"{totp(base64.b32decode(key.replace('-', ''))):06}"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_an_operator_turns_it_on_and_is_asked_for_it(browser, operator, width, scheme):
    browser.look(width=width, scheme=scheme)
    browser.sign_in(operator)
    browser.open(reverse("second-factor"))
    key = browser.driver.find_element(By.CSS_SELECTOR, "#second-factor p code").text
    picture = browser.driver.find_element(By.CSS_SELECTOR, "svg.qr-code").size
    looks = [(browser.overhang, browser.complaints)]

    browser.enter(password=PASSWORD, code=code_of(key))
    browser.send(".submit-row button")
    shown = [each.text for each in browser.driver.find_elements(By.CSS_SELECTOR, ".recovery-codes code")]
    looks.append((browser.overhang, browser.complaints))
    browser.driver.delete_all_cookies()
    browser.sign_in(operator)
    looks.append((browser.overhang, browser.complaints))
    browser.enter(code=shown[0])
    browser.send(".submit-row button")

    assert (picture["width"], picture["height"]) == (220, 220)
    assert len(shown) == 10
    assert "What needs a hand" in browser.text or "All is well" in browser.text
    assert [look for look in looks if look[0] > 0 or look[1]] == []


@pytest.mark.parametrize(
    ("name", "drawn"), [("docs", ".opblock-tag"), ("redoc", "[role=search]"), ("landing", "nav a")]
)
def test_the_documents_keep_their_policy(browser, name, drawn):
    browser.look(width=1280, scheme="light")

    browser.open(reverse(name))
    until = time.monotonic() + 30
    while not browser.driver.find_elements(By.CSS_SELECTOR, drawn) and time.monotonic() < until:
        time.sleep(0.2)

    assert browser.driver.find_elements(By.CSS_SELECTOR, drawn)
    # ReDoc wants its makers' picture from their own server, and does not get it.
    assert [each for each in browser.complaints if "olicy" in each and "cdn.redoc.ly" not in each] == []
