"""GitHub's reviews: the server has them for real; what it lacks is answered from what the test writes down.

It does not know which pull requests a commit belongs to, shows no single commit, and has no environments: the three
answers have the shape that https://docs.github.com/rest gives them.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from support import github


class Reviewed(github.Proxy):
    """A proxy that knows more: `more` maps a path below the repository to what is answered there."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.more: dict[str, Any] = {}

    def forward(self, call: github.Call) -> tuple[int, dict[str, str], bytes]:
        below = re.sub(r"^/repos/[^/]+/[^/]+", "", urlsplit(call.path).path)
        if call.method == "GET" and below in self.more:
            return 200, {}, json.dumps(self.more[below]).encode()
        return super().forward(call)


def written(email: str, login: str = "") -> dict[str, Any]:
    """Return a commit as GitHub shows it."""
    return {"commit": {"author": {"email": email}}, "author": {"login": login} if login else None}


def waited(environment: str, login: str, state: str = "approved") -> dict[str, Any]:
    """Return what somebody decided about a workflow run that waited for them."""
    return {"state": state, "comment": "", "environments": [{"name": environment}], "user": {"login": login}}
