"""A session with a Superset server.

Belongs here: signing in, calls of the REST API, and errors that say what to do. Does not belong
here: what is created there (superset).
"""

from __future__ import annotations

from typing import Any

import requests

SECONDS = 60


class SupersetError(RuntimeError):
    """Superset cannot be reached, or refused something."""


class Superset:
    """A session with a Superset server."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Sign in.

        Args:
            url: Address of the server.
            user: Somebody who may create databases.
            password: Theirs.

        Raises:
            SupersetError: There is no server, or it does not let this user in.
        """
        self._url = url.rstrip("/")
        self._session = requests.Session()
        signed_in = self.call(
            "post",
            "security/login",
            {"username": user, "password": password, "provider": "db", "refresh": False},
        )
        self._session.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        token = self.call("get", "security/csrf_token/")["result"]
        self._session.headers.update({"X-CSRFToken": token, "Referer": self._url})

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call of the API.

        Raises:
            SupersetError: It failed; the message says what Superset said.
        """
        try:
            answer = self._session.request(
                method, f"{self._url}/api/v1/{path}", json=body, timeout=SECONDS
            )
        except requests.RequestException as error:
            raise SupersetError(
                f"no Superset answers at {self._url} ({type(error).__name__}): start it, or set "
                "STRATA_SUPERSET_URL"
            ) from error
        if answer.status_code == 401 and path == "security/login":
            raise SupersetError(
                "Superset does not let this user in: check STRATA_SUPERSET_USER and "
                "STRATA_SUPERSET_PASSWORD"
            )
        if not answer.ok:
            raise SupersetError(
                f"Superset refused {method.upper()} {path} ({answer.status_code}): "
                f"{answer.text[:500]}"
            )
        try:
            return answer.json()
        except requests.JSONDecodeError as error:
            raise SupersetError(
                f"what answers at {self._url} is no Superset: check STRATA_SUPERSET_URL"
            ) from error

    def find(self, kind: str, column: str, value: str) -> int | None:
        """The id of the object of that name."""
        sought = value.replace("!", "!!").replace("'", "!'")
        query = f"(filters:!((col:{column},opr:eq,value:'{sought}')))"
        found = self.call("get", f"{kind}/?q={requests.utils.quote(query)}")["ids"]
        return found[0] if found else None

    def save(self, kind: str, column: str, body: dict[str, Any]) -> int:
        """Create the object, or bring the one of that name up to date."""
        known = self.find(kind, column, body[column])
        if known is None:
            return self.call("post", f"{kind}/", body)["id"]
        self.call("put", f"{kind}/{known}", body)
        return known

    def dashboard_url(self, slug: str) -> str:
        return f"{self._url}/superset/dashboard/{slug}/"
