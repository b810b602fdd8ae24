"""A real browser, where there is one: Chromium without a screen, beside a server of the tests."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

from users.models import User
from users.tests.factories import PASSWORD, UserFactory

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start the browser once for all tests."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("There is no Chromium with its chromedriver on this machine.")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.implicitly_wait(5)
    yield driver
    driver.quit()


class Browser:
    """The browser at the server of a test."""

    def __init__(self, driver: Any, address: str) -> None:
        """Begin with no cookies, and nothing said."""
        self.driver, self.address = driver, address
        driver.delete_all_cookies()
        driver.get_log("browser")

    def look(self, *, width: int, scheme: str) -> None:
        """Be as wide as that, and light or dark."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, path: str) -> None:
        """Open a page."""
        self.driver.get(self.address + path)

    def sign_in(self, person: User) -> None:
        """Sign in to the admin."""
        self.open("/admin/login/")
        self.enter(username=person.email, password=PASSWORD)
        self.send("[type=submit]")

    def enter(self, **texts: str) -> None:
        """Type into fields by their names."""
        for name, text in texts.items():
            field = self.driver.find_element(By.NAME, name)
            field.clear()
            field.send_keys(text)

    def press(self, selector: str) -> None:
        """Press what a selector finds."""
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def send(self, selector: str) -> None:
        """Press what sends a form, and wait for the next page."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        self.press(selector)
        # In the midst of a page's going the driver knows its nodes neither as there nor as gone.
        WebDriverWait(self.driver, 15, ignored_exceptions=[WebDriverException]).until(staleness_of(page))

    def choose(self, name: str, text: str) -> None:
        """Choose by typing in one of the admin's fields that look for it."""
        self.press(f".field-{name} .select2-selection, .text-filter:has([name='{name}']) .select2-selection")
        self.driver.find_element(By.CSS_SELECTOR, ".select2-search__field").send_keys(text)
        option = (By.XPATH, f"//li[contains(@class, 'select2-results__option--highlighted') and .='{text}']")
        WebDriverWait(self.driver, 15, ignored_exceptions=[StaleElementReferenceException]).until(
            lambda driver: driver.find_element(*option).is_displayed()
        )
        self.driver.find_element(By.CSS_SELECTOR, ".select2-search__field").send_keys(Keys.ENTER)

    @property
    def text(self) -> str:
        """Return what the page shows."""
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    @property
    def complaints(self) -> list[str]:
        """Return what the browser complained of since it was asked last, such as a broken security policy."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]

    @property
    def overhang(self) -> int:
        """Return by how many pixels the page, or the list in it, is wider than its room."""
        return int(
            self.driver.execute_script(
                "const wide = [document.documentElement, ...document.querySelectorAll('.results')];"
                "return Math.max(...wide.map(each => each.scrollWidth - each.clientWidth));"
            )
        )


@pytest.fixture
def browser(chromium: Any, live_server: Any) -> Browser:
    """Return the browser at the server."""
    return Browser(chromium, live_server.url)


@pytest.fixture
def operator(transactional_db: None) -> User:
    """Return somebody who may do everything."""
    return UserFactory(is_superuser=True)
