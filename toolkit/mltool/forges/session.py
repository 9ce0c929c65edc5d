"""One API with its token: what it asks of the sender between request and answer.

The token is written into one header for one host and nowhere else: not into an address, an error, a log, a redirect.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from mltool.errors import OutsideError, UserError
from mltool.forges.answers import check_base, limited, message, pause
from mltool.http import Answer, MaybeSentError, NeverSentError, Request, Secret, Send, next_page, origin

TRIES: Final = 4
HOPS: Final = 3
MAX_PAGES: Final = 300
REDIRECTS: Final = (301, 302, 307, 308)

T = TypeVar("T")


class Session:
    """One API with its token. `patience` bounds the seconds that all its waits together may take."""

    def __init__(
        self,
        *,
        base: str,
        token: Secret,
        send: Send,
        agent: str = "mltool",
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        patience: float = 120.0,
    ) -> None:
        self.base = check_base(base)
        self._token = token
        self._send = send
        self._agent = agent
        self._sleep = sleep
        self._now = now
        self._left = patience

    def call(self, method: str, path: str, *, body: object = None, repeatable: bool = True) -> Answer:
        """Send and return the answer, waiting and trying again where the server asks for it.

        Any answer but 401, 429 and 5xx is returned for the caller to judge. Raises UserError for 401, OutsideError
        when the server stays down, silent or limited for longer than we may wait, and MaybeSentError when a request
        that is not `repeatable` may or may not have been acted on.
        """
        return self._go(
            Request(
                method=method,
                url=path if path.startswith(("http://", "https://")) else f"{self.base}{path}",
                headers=self._headers(),
                body=None if body is None else msgspec.json.encode(body),
                repeatable=repeatable,
            )
        )

    def upload(self, url: str, source: Path) -> Answer:
        """POST a file to an address that the API gave us; what was sent half is not sent again.

        The token goes along, and so the address must be the API's own host or the one beside it for uploads
        (`uploads.github.com` beside `api.github.com`). Raises as `call` does, and OutsideError for another host.
        """
        if not self._uploads(url):
            raise OutsideError(
                f"{self._host} wants the file sent to another address, where the token must not go.",
                "Check GITHUB_API_URL.",
            )
        headers = self._headers() | {"Content-Type": "application/octet-stream"}
        return self._go(Request(method="POST", url=url, headers=headers, source=source, repeatable=False))

    def download(self, path: str, sink: Path) -> Answer:
        """Write the bytes at `path` into a file. Where the API sends us on to a storage, the token stays behind."""
        headers = self._headers() | {"Accept": "application/octet-stream"}
        request = Request(method="GET", url=f"{self.base}{path}", headers=headers, sink=sink)
        for _ in range(HOPS + 1):
            answer = self._persist(request)
            if answer.status not in REDIRECTS:
                return answer
            url = urljoin(request.url, answer.headers.get("location", ""))
            if origin(url) != origin(self.base):
                check_base(url)
                request = replace(request, headers={"User-Agent": self._agent})
            request = replace(request, url=url)
        raise OutsideError(f"{self._host} redirects in a circle.")

    def _go(self, request: Request) -> Answer:
        for _ in range(HOPS + 1):
            answer = self._persist(request)
            if answer.status not in REDIRECTS:
                return answer
            request = self._follow(request, answer)
        raise OutsideError(f"{self._host} redirects in a circle.")

    def _uploads(self, url: str) -> bool:
        try:
            ours, theirs = origin(self.base), origin(url)
        except ValueError:
            return False
        beside = (ours[0], re.sub(r"^api\.", "uploads.", ours[1]), ours[2])
        return theirs in (ours, beside)

    def fetch(self, kind: type[T], path: str) -> T | Answer:
        """Return the JSON at `path` as a `kind`, or the answer that refused it."""
        answer = self.call("GET", path)
        return self.read(kind, answer) if answer.good else answer

    def pages(self, kind: type[T], path: str) -> Iterator[tuple[T, ...] | Answer]:
        """Yield the JSON list at `path` page by page to the last one; an answer instead of a page ends it."""
        for _ in range(MAX_PAGES):
            answer = self.call("GET", path)
            if not answer.good:
                yield answer
                return
            yield self.read(tuple[kind, ...], answer)  # type: ignore[valid-type]  # built at run time for msgspec
            following = next_page(answer.headers.get("link", ""))
            if not following:
                return
            path = self._same_host(following, seen_from=self.base)
        raise OutsideError(f"{self._host} has more than {MAX_PAGES} pages of one list.")

    def read(self, kind: type[T], answer: Answer) -> T:
        """Return the body as a `kind`; garbage is an OutsideError."""
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise OutsideError(
                f"{self._host} answered {answer.status} with something that is not what its API promises.",
                "Check GITHUB_API_URL and any proxy in between.",
            ) from None

    def said(self, answer: Answer) -> str:
        """Return the server's own words about a refusal, without our token."""
        return self._token.hide(message(answer)) or f"HTTP {answer.status}"

    @property
    def _host(self) -> str:
        return urlsplit(self.base).netloc

    def _headers(self) -> dict[str, str]:
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token.reveal()}",
            "Content-Type": "application/json",
            "User-Agent": self._agent,
            "X-GitHub-Api-Version": "2022-11-28",
        }

    def _persist(self, request: Request) -> Answer:
        for tries in range(1, TRIES + 1):
            try:
                answer = self._send(request)
            except (NeverSentError, MaybeSentError) as error:
                if tries == TRIES or not (request.repeatable or isinstance(error, NeverSentError)):
                    raise
                self._wait(2.0 ** (tries - 1), why=error.what)
                continue
            if answer.status == 401:
                raise UserError(
                    f"{self._host} does not accept the token: {self.said(answer)}.",
                    "Pass a valid one as GITHUB_TOKEN; in a workflow: env: GITHUB_TOKEN: ${{ github.token }}.",
                )
            if not self._again(request, answer):
                return answer
            if tries < TRIES:
                self._wait(pause(answer, tries=tries, now=self._now()), why=self._trouble(answer))
        raise OutsideError(self._trouble(answer), "Try again later.")

    def _again(self, request: Request, answer: Answer) -> bool:
        if limited(answer):
            return True
        if answer.status < 500 and answer.status != 408:
            return False
        if request.repeatable:
            return True
        raise MaybeSentError(self._trouble(answer), "Try again later.")

    def _trouble(self, answer: Answer) -> str:
        if limited(answer):
            return f"{self._host} asks us to slow down: {self.said(answer)}."
        return f"{self._host} is in trouble: it answered {answer.status}."

    def _wait(self, seconds: float, *, why: str) -> None:
        if seconds > self._left:
            moment = datetime.fromtimestamp(min(self._now() + seconds, 4e9), UTC)
            raise OutsideError(why, f"Try again after {moment:%Y-%m-%d %H:%M:%S} UTC.")
        self._left -= seconds
        self._sleep(seconds)

    def _follow(self, request: Request, answer: Answer) -> Request:
        url = self._same_host(answer.headers.get("location", ""), seen_from=request.url)
        # A renamed repository answers 301 or 307, and GitHub asks for the same request at the new address.
        return replace(request, url=url)

    def _same_host(self, address: str, *, seen_from: str) -> str:
        try:
            url = urljoin(seen_from, address)
            same = origin(url) == origin(self.base)
        except ValueError:
            same = False
        if not same:
            raise OutsideError(
                f"{self._host} sends us on to another address, where the token must not go.",
                "Check GITHUB_API_URL.",
            )
        return url
