"""What is asked of whom, and what the answer must come to: the table of the targets."""

from dataclasses import dataclass, field
from typing import Any

from benchmarks.endpoints import data
from benchmarks.endpoints.data import Asker

API = "/api/v1"
RANGE = "start=2000-01-01T00:00:00&end=2040-01-01T23:59:59"
WRITTEN = '{"timestamp": "INSTANT", "value": "1234.56", "cash_balance": "34.5"}'

type Request = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """How many times as fast one way must be as another."""

    way: str
    than: str
    least: float


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of question, with the requests of each way to answer it."""

    name: str
    ways: dict[str, list[Request]]
    targets: list[Target] = field(default_factory=list)
    status: int = 200

    def server(self, way: str) -> str:
        """Return the name of the server that is asked."""
        return way.partition(",")[0]


def get(path: str, asker: Asker | None = None, **headers: str) -> Request:
    """Return a request of somebody."""
    known = {"Authorization": f"Bearer {asker.token}"} if asker is not None else {}
    return {"method": "GET", "path": path, "headers": {**known, **headers}}


def reading(name: str, asked: list[tuple[str, str, Asker]], targets: dict[str, float]) -> Row:
    """Return the row of a reading request: of ``asked`` paths of ours, of the limit, and who asks."""
    ways = {
        "ours": [get(f"{API}{path}", asker) for path, _, asker in asked],
        "plain": [get(path, asker) for path, _, asker in asked],
        "limit": [get(path) for _, path, _ in asked],
    }
    return Row(name, ways, [Target("ours", than, least) for than, least in targets.items()])


def table(people: list[Asker], wide: list[Asker], symbols: list[str]) -> list[Row]:
    """Return all rows, but for that of unchanged series, which needs an answer first."""
    series = [
        (f"/securities/{symbol}/prices?{RANGE}", f"/prices/{symbol}", asker)
        for symbol, asker in zip(symbols, people, strict=False)
    ]
    return [
        reading("price series, 2 500 points", series, {"limit": 0.85, "plain": 7}),
        reading("list of 50 accounts", [("/accounts", f"/accounts/{each.user}", each) for each in wide], LISTS),
        reading("list of 50 holdings", [("/holdings", f"/holdings/{each.user}", each) for each in people], LISTS),
        reading(
            "one account",
            [(f"/accounts/{each.accounts[0]}", f"/account/{each.accounts[0]}", each) for each in people],
            {"limit": 0.4},
        ),
        shells(people),
        reading(
            "one holding",
            [(f"/holdings/{each.holdings[0]}", f"/holding/{each.holdings[0]}", each) for each in people],
            {"limit": 0.4},
        ),
        Row(
            "POST of an account value",
            {"ours": posts(people, API), "plain": posts(people, "")},
            [Target("ours", "plain", 2)],
            status=201,
        ),
    ]


def shells(people: list[Asker]) -> Row:
    """Return the row of one account through less and less of what ours goes through, by `endpoints.shells`."""
    asked = [(each.accounts[0], each) for each in people]
    ways = {
        "ours": [get(f"{API}/accounts/{account}", each) for account, each in asked],
        "shell, a view of DRF": [get(f"/api/drf/{account}", each) for account, each in asked],
        "shell, a view of Django": [get(f"/api/django/{account}", each) for account, each in asked],
        "shell, a callable": [get(f"/wsgi/{account}", each) for account, each in asked],
        "limit": [get(f"/account/{account}") for account, _ in asked],
    }
    return Row("one account, by less and less", ways)


LISTS = {"limit": 0.6, "plain": 4}


def posts(people: list[Asker], base: str) -> list[Request]:
    """Return requests that record a value in each account of each of ``people``."""
    return [
        {**get(f"{base}/accounts/{account}/values", each), "method": "POST", "body": WRITTEN}
        for place in range(data.ACCOUNTS)
        for each in people
        for account in [each.accounts[place]]
    ]


def dashboards(people: list[Asker]) -> list[Request]:
    """Return requests for everybody's dashboard."""
    return [get(f"{API}/dashboard", each) for each in people]


def dashboards_after_writes(people: list[Asker]) -> list[Request]:
    """Return the same, each after a value that its owner records."""
    written = posts(people, API)[: len(people)]
    return [request for pair in zip(written, dashboards(people), strict=True) for request in pair]


def unchanged(row: Row, tags: list[str]) -> Row:
    """Return the row of series that have not changed since the answers with these ``tags``."""
    asked = row.ways["ours"]
    known = [
        {**request, "headers": {**request["headers"], "If-None-Match": tag}}
        for request, tag in zip(asked, tags, strict=True)
    ]
    ways = {"ours, If-None-Match": known, "ours": asked}
    return Row("price series, unchanged", ways, [Target("ours, If-None-Match", "ours", 5)], status=304)
