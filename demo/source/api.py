"""What the source systems answer: a request in, a reply out, no sockets.

    GET    /health                                   {"status": "ok"}
    GET    /weather?date=2013-01-05&page=1           {"items": [...], "page": 1, "next": 2 or null}
    GET    /flights?date=2013-01-05&page=1           the same
    GET    /planes?page=1                            the same
    GET    /faults                                   {"faults": [{"feed": ..., "date": ..., "fault": ...}]}
    POST   /faults                                   one such object as body; planes have no date
    DELETE /faults[?feed=weather][&date=2013-01-05]  {"cleared": 1}

Errors are ``{"error": "one sentence"}`` with status 400, 404 or 500.
"""

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.source.faults import FAULTS, Faults, damage
from demo.source.feeds import Feed, Feeds

PAGE_SIZES: Mapping[str, int] = {"weather": 24, "flights": 250, "planes": 1000}


@dataclass(frozen=True)
class Reply:
    """A status, a JSON body, and whether the body is cut in the middle while its announced length is not."""

    status: int
    body: Mapping[str, Any]
    cut: bool = False


class BadRequest(Exception):
    """A request that cannot be served.

    Args:
        status: HTTP status.
        message: One sentence.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """The source systems' answers.

    Args:
        feeds: The data.
        faults: What is wrong with it.
    """

    def __init__(self, feeds: Feeds, faults: Faults) -> None:
        self.feeds = feeds
        self.faults = faults

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes = b"") -> Reply:
        """The reply to one request; a request that cannot be served is a reply too."""
        try:
            return self._route(method, path, query, body)
        except BadRequest as error:
            return Reply(error.status, {"error": str(error)})

    def _route(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Reply:
        match method, path:
            case "GET", "/health":
                return Reply(200, {"status": "ok"})
            case "GET", "/faults":
                return Reply(200, {"faults": self.faults.all()})
            case "POST", "/faults":
                return self._put_fault(body)
            case "DELETE", "/faults":
                return Reply(200, {"cleared": self.faults.clear(query.get("feed"), query.get("date"))})
            case "GET", _ if path[1:] in self.feeds.by_name:
                return self._page(self.feeds.by_name[path[1:]], query)
        raise BadRequest(404, f"There is no {method} {path}.")

    def _page(self, feed: Feed, query: Mapping[str, str]) -> Reply:
        date, page = _date(feed, query.get("date", "")), _number(query.get("page", "1"))
        fault = self.faults.get(feed.name, date)
        if fault == "http_500":
            raise BadRequest(500, "The source system is out of order.")
        rows = feed.rows(date)
        if fault is not None:
            rows = damage(feed.name, rows, fault)
        size = PAGE_SIZES[feed.name]
        last = max(1, -(-len(rows) // size))
        if page > last:
            raise BadRequest(404, f"There is no page {page}: the last one is {last}.")
        items = rows[(page - 1) * size : page * size]
        following = page + 1 if page < last else None
        return Reply(200, {"items": items, "page": page, "next": following}, cut=fault == "truncated")

    def _put_fault(self, body: bytes) -> Reply:
        try:
            given = json.loads(body)
            name, fault, date = given["feed"], given["fault"], given.get("date") or ""
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadRequest(400, 'Send {"feed": ..., "date": ..., "fault": ...}.') from None
        if name not in self.feeds.by_name:
            raise BadRequest(400, f"There is no feed {name}; there are {', '.join(self.feeds.by_name)}.")
        if fault not in FAULTS:
            raise BadRequest(400, f"There is no fault {fault}; there are {', '.join(FAULTS)}.")
        date = _date(self.feeds.by_name[name], date)
        self.faults.put(name, date, fault)
        return Reply(201, {"feed": name, "date": date, "fault": fault})


def _date(feed: Feed, text: str) -> str:
    if not feed.daily:
        if text:
            raise BadRequest(400, f"{feed.name} has no days; leave out date.")
        return ""
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except (ValueError, TypeError):
        raise BadRequest(400, f"{feed.name} needs a day: date=2013-01-05.") from None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise BadRequest(400, "page must be a whole number of at least 1.")
    return int(text)
