"""Asks for figures of all kinds: as they are kept, as a browser keeps them, and computed anew."""

from django.core.cache import caches

from accounts.models import Account

PATHS = [
    "dashboard?on=2020-09-06",
    "net-worth?start=2020-08-25&end=2020-09-06&by=account",
    "allocation?by=institution&on=2020-09-06",
    "explain?on=2020-09-06&figure=change:1d",
]


def paths():
    """Return the paths of all kinds of figures: those of the household, and valuations of accounts, old and new."""
    keys = list(dict.fromkeys(map(str, Account.history.order_by("history_id").values_list("id", flat=True))))
    return [*PATHS, *(f"accounts/{key}/valuation?on=2020-09-06" for key in dict.fromkeys(keys[:4] + keys[-2:]))]


def told(response):
    """Return what an answer says; of a problem all but the number of the request."""
    return response.content if response.status_code == 200 else (response.status_code, response.json()["code"])


def answers(api):
    return [told(api.get(f"/api/v1/{path}")) for path in paths()]


def fresh(api):
    """Return the answers of a cache that remembers nothing."""
    kept = caches["default"]
    kept.delete_pattern("*") if hasattr(kept, "delete_pattern") else kept.clear()
    return answers(api)


class Browser:
    """Asks with the ETag of the answer that it has, and shows that one again when it is told that nothing changed."""

    def __init__(self, api):
        self.api, self.kept = api, {}
        self.unchanged_count = 0

    def ask(self):
        return [self.ask_for(path) for path in paths()]

    def ask_for(self, path):
        etag, content = self.kept.get(path, (None, None))
        response = self.api.get(f"/api/v1/{path}", headers={"If-None-Match": etag} if etag else {})
        if response.status_code == 304:
            self.unchanged_count += 1
            return content
        if response.status_code == 200:
            self.kept[path] = (response["ETag"], response.content)
        return told(response)
