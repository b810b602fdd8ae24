"""The React client's calls, replayed by curl against a real server, as the README shows them."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Account, Holding
from securities.tests.factories import SecurityFactory, SecurityPriceFactory
from users.models import User

SCRIPT = Path(settings.BASE_DIR) / "docs/client-session.sh"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.django_db(transaction=True)
def test_the_session_of_the_readme_runs(live_server):
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    SecurityPriceFactory(
        security=SecurityFactory(symbol="DEMO-MOOSE", currency_id="CAD"), timestamp=midnight, close="40"
    )

    session = subprocess.run(  # noqa: S603
        [SCRIPT, f"{live_server.url}/api/v1"], capture_output=True, text=True, check=False, timeout=60
    )

    assert session.returncode == 0, session.stdout + session.stderr
    assert '"balance":1234567890123.45' in session.stdout
    assert '"market_value":500,' in session.stdout  # 12.5 at 40
    assert session.stdout.rstrip().endswith("GET /accounts\n[]")
    assert User.objects.count() == 1
    assert not Account.objects.exists()
    assert not Holding.objects.exists()
    assert Account.history.filter(history_type="-").exists()
