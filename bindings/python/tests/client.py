"""An SQS client of twenty lines, for servers that let anyone in."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Refused(Exception):
    """What the server refused: its code."""


def ask(url: str, action: str, **values: Any) -> Any:
    """Carries out an action, in the JSON protocol."""
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"AmazonSQS.{action}",
    }
    status, text = _exchange(url, "POST", "/", json.dumps(values), headers)
    answer = json.loads(text or "null")
    if status != 200:
        raise Refused(f"{status} {answer['__type'].rpartition('#')[2]}")
    return answer


def page(url: str, path: str) -> str:
    """What a page of the server says."""
    return _exchange(url, "GET", path, None, {})[1]


def _exchange(
    url: str, method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
