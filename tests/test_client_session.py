"""The React client's calls, replayed by curl against a real server, as the README shows them."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Account, Holding
from institutions.models import FinancialInstitution
from securities.tests.factories import SecurityFactory, SecurityPriceFactory
from users.models import User

SCRIPT = Path(settings.BASE_DIR) / "docs/client-session.sh"


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def run(*given):
    return subprocess.run(  # noqa: S603
        [SCRIPT, *given], capture_output=True, text=True, check=False, timeout=60
    )


@needs_curl
@pytest.mark.django_db(transaction=True)
def test_the_session_of_the_readme_runs(live_server):
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    SecurityPriceFactory(
        security=SecurityFactory(symbol="DEMO-MOOSE", currency_id="CAD"), timestamp=midnight, close="40"
    )

    session = run(f"{live_server.url}/api/v1")

    assert session.returncode == 0, session.stdout + session.stderr
    assert '"balance":1234567890123.45' in session.stdout
    assert '"market_value":500,' in session.stdout  # 12.5 at 40
    assert session.stdout.rstrip().endswith("GET /accounts\n[]")
    assert User.objects.count() == 1
    assert not Account.objects.exists()
    assert not Holding.objects.exists()
    assert Account.history.filter(history_type="-").exists()


@needs_curl
@pytest.mark.django_db(transaction=True)
def test_a_session_that_fails_midway_leaves_nothing_behind_but_the_person(live_server):
    session = run(f"{live_server.url}/api/v1", "NO-SUCH-SYMBOL")

    assert session.returncode == 1
    assert "POST /accounts/" in session.stdout
    assert User.objects.count() == 1
    assert not Account.objects.exists()
    assert not FinancialInstitution.objects.exists()


@needs_curl
def test_a_session_with_nobody_says_how_to_begin():
    session = run("http://127.0.0.1:9/api/v1")

    assert session.returncode == 1
    assert session.stderr.startswith("Nothing answers at http://127.0.0.1:9/api/v1:")
