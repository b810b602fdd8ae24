"""What can be set, and .env.example, say the same."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
NAMES_THE_FILE_ITSELF = {"ENV_FILE"}


def names(pattern, *files):
    return {name for file in files for name in re.findall(pattern, (ROOT / file).read_text())}


def test_every_setting_that_is_read_is_documented_and_no_other():
    documented = names(r"(?m)^#?([A-Z][A-Z_]*)=", ".env.example")

    read = (
        names(r'\benv\.\w+\(\s*"([A-Z_]+)"', "config/settings.py", "config/caches.py", "config/limits.py")
        | names(r'environ\.get\("([A-Z_]+)"', "config/gunicorn.py", "config/deadlines.py")
        | names(r"\$\{([A-Z_]+)", "docker-compose.yml")
    )

    assert documented == read - NAMES_THE_FILE_ITSELF


def test_no_secret_is_shipped():
    text = (ROOT / ".env.example").read_text()

    filled = re.findall(r"(?m)^#?\w*(?:SECRET|PASSWORD|KEY)\w*=(.+)$", text)

    assert filled == []
