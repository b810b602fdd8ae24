"""What a process that serves does not load: libraries of tens of megabytes that only few commands and tasks need."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Of prices from Yahoo, of tables in the admin, and of the tests.
HEAVY = ["pandas", "numpy", "yfinance", "curl_cffi", "bs4", "peewee", "openpyxl", "selenium", "pytest", "factory"]
SERVE = """
import json, sys
from config.wsgi import application  # as gunicorn loads it
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from users.models import User
from users import sessions
user = User.objects.create_superuser(email="a@example.org", username="a", password="long enough 1")
token = sessions.start(user=user).access_token
client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {token}"})
asked = {}
for address in json.loads(sys.argv[1]):
    asked[address] = client.get(address).status_code
print(json.dumps({"asked": asked, "loaded": sorted(name for name in sys.modules if "." not in name)}))
"""
ADDRESSES = [
    "/", "/health", "/health/ready", "/api/v1/auth/me", "/api/v1/accounts", "/api/v1/holdings", "/api/v1/currencies",
    "/api/v1/securities/search?q=a", "/api/v1/dashboard", "/api/v1/net-worth", "/api/v1/financial-institutions",
]  # fmt: skip


def test_who_serves_the_api_loads_no_library_that_is_heavy_and_seldom_needed(tmp_path):
    environment = {"PATH": os.environ["PATH"], "DJANGO_ENV": "test", "VAR_DIR": str(tmp_path), "PRICE_PROVIDERS": ""}

    served = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SERVE, json.dumps(ADDRESSES)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    told = json.loads(served.stdout.splitlines()[-1])
    assert set(told["asked"].values()) == {200}, told["asked"]
    assert sorted(set(HEAVY) & set(told["loaded"])) == []
