"""The real application: gunicorn and a worker with the settings of production."""

import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import requests

from config.tests.serving import free_port, production
from tests.faults.processes import Process, children_of, send, wait_until

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
# Every limit and every due time, as the example documents them.
SWITCHED_OFF = re.findall(r"^#?((?:THROTTLE|SCHEDULE)_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def environment(folder, database_url, **settings):
    """Return the environment of production, with all files in ``folder``."""
    return {
        **production(folder / "var"),
        "DATABASE_URL": database_url,
        "WORKERS": "true",
        "EMAIL_URL": f"filemail:///{folder}/mails",
        **{name: "off" for name in SWITCHED_OFF if name != "SCHEDULE_TIME_ZONE"},
        **settings,
    }


class App:
    """gunicorn with two processes and, if it is wanted, a worker, on one database and all its files in ``folder``."""

    def __init__(self, folder, database_url, *, config="config/gunicorn.py", **settings):
        self.folder, self.port, self.config = folder, free_port(), config
        (folder / "mails").mkdir(exist_ok=True)
        self.url, self.api = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.port}/api/v1"
        self.environment = environment(folder, database_url, **settings)
        self.web = self.worker = None
        self.log = folder / "web.log"

    def start(self, *, with_worker=True):
        self.start_web()
        if with_worker:
            self.start_worker()
        return self

    def start_web(self, **options):
        command = [BIN / "gunicorn", "--config", self.config, "--bind", f"127.0.0.1:{self.port}"]
        self.web = Process(command, self.log, cwd=ROOT, env=self.environment, **options)
        wait_until(self.is_ready, why=f"gunicorn did not start, see {self.log}")

    def start_worker(self):
        command = [sys.executable, "manage.py", "worker", "--interval=0.2", "--lease=5"]
        self.worker = Process(command, self.folder / "worker.log", cwd=ROOT, env=self.environment)

    def manage(self, *arguments, **options):
        """Run a command of manage.py to its end; return what became of it."""
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            **options,
        )

    def is_ready(self):
        with suppress(requests.RequestException):
            return self.get("/health/ready").status_code == 200
        return False

    def get(self, path, **options):
        return requests.get(self.url + path, timeout=60, **options)

    @property
    def web_processes(self):
        """Return the numbers of the processes that answer."""
        return children_of(self.web.pid)

    def kill_one_web_process(self, which=0):
        running = self.web_processes
        send(signal.SIGKILL, running[which % len(running)])

    def mails(self):
        """Return the files of all mails that were sent."""
        return list((self.folder / "mails").iterdir())

    def stop(self):
        for process in (self.web, self.worker):
            if process is not None and process.is_running:
                process.resume()
                process.kill()
