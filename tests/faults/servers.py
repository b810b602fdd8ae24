"""A PostgreSQL and a Redis of the tests' own, to stop, pause and kill. Those of the machine are left alone."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg
import redis

from config.tests.serving import free_port
from tests.faults.processes import Process, is_listening, wait_until


def postgresql_binaries():
    """Return the folder of the newest PostgreSQL that is installed here, or None."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql*/bin")]
    if shutil.which("initdb"):
        folders.append(Path(shutil.which("initdb")).parent)
    whole = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return max(whole, key=lambda folder: [int(part) for part in folder.parts if part.isdecimal()], default=None)


def whose():
    """Return the options of a process that runs as somebody whom PostgreSQL accepts; it refuses root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class PostgreSQL:
    """A cluster in a folder of its own; it starts, stops and starts again on one port."""

    def __init__(self):
        self.binaries, self.port = postgresql_binaries(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # whose path is short enough for a socket
        if os.geteuid() == 0:
            os.chown(self.folder, whose()["user"], whose()["group"])
        self.data = self.folder / "data"
        make = [self.binaries / "initdb", "--pgdata", self.data, "--username", "finances", "--auth", "trust"]
        make += ["--encoding", "UTF8", "--no-locale"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **whose())  # noqa: S603
        self.log = self.folder / "log"
        self.process = None

    def start(self):
        """Start the server, and wait until it lets somebody in."""
        command = [self.binaries / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"]
        self.process = Process(command, self.log, cwd=self.folder, **whose())
        wait_until(self.is_up, why=f"PostgreSQL did not start, see {self.log}")

    def is_up(self):
        with suppress(psycopg.Error):
            self.ask("SELECT 1")
            return True
        return False

    def stop(self, number=signal.SIGINT):
        """Stop it: SIGINT ends every session first, SIGQUIT nothing."""
        self.process.end(number)

    def url(self, name):
        return f"postgres://finances@127.0.0.1:{self.port}/{name}"

    def ask(self, question, *values, database="postgres"):
        """Return the rows of an answer."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(question, values or None)
            return cursor.fetchall() if cursor.description else []

    def create(self, name, *, template="template1"):
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template}")

    def drop(self, name):
        self.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def sessions(self, database):
        """Return state and question of every session of a database."""
        question = "SELECT state, query, pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        return self.ask(question, database)

    def remove(self):
        if self.process is not None and self.process.is_running:
            self.process.resume()
            self.process.end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis:
    """A Redis that keeps nothing."""

    def __init__(self, folder):
        self.port, self.log = free_port(), folder / "redis.log"
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    def start(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = Process(command, self.log, cwd=self.log.parent)
        wait_until(lambda: is_listening(self.port), why=f"Redis did not start, see {self.log}")

    def stop(self):
        self.process.resume()
        self.process.end()

    def clients(self):
        with redis.Redis.from_url(self.url) as client:
            return len(client.client_list()) - 1
