"""What the database has, held against what people were promised."""

import sqlite3
import uuid
from collections import Counter
from contextlib import closing

import psycopg


class Books:
    """Reads the tables directly, whatever the application would say."""

    def __init__(self, url):
        self.url = url

    def rows(self, question):
        """Return the rows that a question finds."""
        return self.table_of(question)[1]

    def table(self, name):
        """Return the columns of a table, and all of its rows."""
        return self.table_of(f"SELECT * FROM {name}")  # noqa: S608

    def table_of(self, question):
        """Return the columns and the rows that a question finds."""
        if self.url.startswith("sqlite:///"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
                cursor = connection.execute(question)
                return [column[0] for column in cursor.description], cursor.fetchall()
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(question)
            return [column.name for column in cursor.description], cursor.fetchall()

    def ids(self, table, column="id", where="1 = 1"):
        return Counter(uuid.UUID(str(row[0])) for row in self.rows(f"SELECT {column} FROM {table} WHERE {where}"))  # noqa: S608

    def faults(self, load):
        """Return a sentence for whatever is lost, twice there, or half there; nothing if all is well."""
        promised = promises(load)
        # Whoever writes opened one or two accounts before.
        promised["account"] += self.ids("accounts_account", where="name IN ('first', 'second')")
        found = [*load.refused]
        for kind in ("accountvalue", "account"):
            stored = self.ids(f"accounts_{kind}")
            lost, more = promised[kind] - stored, stored - promised[kind]
            if lost or more:
                found.append(f"{kind}: {lost.total()} lost, {more.total()} that nobody was promised")
            if self.ids(f"accounts_historical{kind}", where="history_type = '+'") != stored:
                found.append(f"{kind}: the history has others than the table")
        whole = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN status = 201 THEN 1 ELSE 0 END), 0)"
        kept = tuple(self.rows(f"{whole} FROM finances_idempotentanswer")[0])
        if kept != (promised["post"], promised["post"]):
            found.append(f"{kept[0]} answers are kept, {kept[1]} of them whole, of {promised['post']}")
        return found

    def people(self):
        return {row[0] for row in self.rows("SELECT email FROM users_user")}

    def tasks(self):
        """Return how many tasks there are by what became of them."""
        return dict(self.rows("SELECT status, COUNT(*) FROM django_tasks_database_dbtaskresult GROUP BY status"))


def promises(load):
    """Return how often each id was acknowledged, by kind, and how many requests were."""
    found = {"accountvalue": Counter(), "account": Counter(), "post": 0}
    for writer in load.writers:
        kind = "accountvalue" if writer.url.endswith("/values") else "account"
        for body in writer.acknowledged.values():
            found["post"] += 1
            found[kind].update(uuid.UUID(row["id"]) for row in (body if isinstance(body, list) else [body]))
    return found
