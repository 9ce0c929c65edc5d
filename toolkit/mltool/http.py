"""HTTP: send one request, read one answer of bounded size and time, and say in a sentence what broke."""

import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NoReturn
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as Timeout

from mltool.errors import OutsideError, UserError

MAX_ANSWER: Final = 32 * 2**20
PATIENCE: Final = 30.0
DEADLINE: Final = 60.0
TRANSFER_DEADLINE: Final = 3600.0
"""Seconds for a whole file; a server that sends nothing for half a minute is given up on long before."""
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Secret:
    """A token that can be used but not printed, logged, compared or pickled by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()
        # An HTTP library quotes a header it cannot send, token and all.
        if not re.fullmatch(r"[\x21-\x7e]*", self._value):
            raise UserError("The token has a space, a line break or a letter that no token has.", "Copy it again.")

    def __repr__(self) -> str:
        return "Secret(…)"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def reveal(self) -> str:
        """Return the token itself; only the line that writes the header calls this."""
        return self._value

    def hide(self, text: str) -> str:
        """Return foreign text without the token, should a server have echoed it."""
        return text.replace(self._value, "…") if self._value else text


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to send. `repeatable` says that sending it twice does no more than sending it once.

    A `source` is sent as the body from disk, and the body of a good answer goes to the file `sink`: either may be
    larger than memory.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = None
    repeatable: bool = True
    source: Path | None = None
    sink: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Return whether the server did what it was asked."""
        return 200 <= self.status < 300


class NeverSentError(OutsideError):
    """The connection was never made, so that nothing can have happened at the other end."""


class MaybeSentError(OutsideError):
    """The connection broke or went silent after sending: the other end may or may not have acted."""


Send = Callable[[Request], Answer]


def connect(api: str, *, proxies: Mapping[str, str] | None = None, patience: float = PATIENCE) -> Send:
    """Return a function that sends one request, through the proxy for `api` where there is one.

    `patience` is how many seconds an answer may keep silent; twice that, it must be whole.

    `proxies` maps a scheme to an address; unset, they are the ones of the environment or the system. Raises UserError
    for a proxy that does not speak HTTP.
    """
    host = urlsplit(api).hostname or ""
    if proxies is None:
        proxies = {} if host in LOOPBACK or proxy_bypass(host) else getproxies()
    pool = _pool(proxies.get(urlsplit(api).scheme, ""), patience)
    return lambda request: send(pool, request, deadline=2 * patience)


def _pool(proxy: str, patience: float) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=10, read=patience)
    if not proxy:
        return urllib3.PoolManager(timeout=timeout)
    address = proxy if "://" in proxy else f"http://{proxy}"
    parts = urlsplit(address)
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=login)
    try:
        return urllib3.ProxyManager(address, proxy_headers=headers, timeout=timeout)
    except (HTTPError, ValueError):
        raise UserError("The proxy of this environment has no http:// address.", "Check HTTPS_PROXY.") from None


def send(pool: urllib3.PoolManager, request: Request, *, deadline: float = DEADLINE) -> Answer:
    """Send once and read the whole answer, of at most 32 MiB within `deadline` seconds.

    Raises NeverSentError or MaybeSentError with a sentence that names the host; never follows a redirect.
    """
    host = urlsplit(request.url).netloc
    with ExitStack() as open_files:
        body, headers = _body(request, open_files)
        try:
            answer = pool.request(
                request.method,
                request.url,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                if request.sink and 200 <= answer.status < 300:
                    _save(answer, request.sink, host=host, until=time.monotonic() + TRANSFER_DEADLINE)
                    content = b""
                else:
                    content = _read(answer, host=host, until=time.monotonic() + deadline)
            finally:
                answer.release_conn()
        except HTTPError as error:
            raise _broken(error, host) from None
    return Answer(status=answer.status, headers={k.lower(): v for k, v in answer.headers.items()}, body=content)


def _body(request: Request, open_files: ExitStack) -> tuple[bytes | IO[bytes] | None, dict[str, str]]:
    headers = dict(request.headers)
    if request.source is None:
        return request.body, headers
    try:
        file = open_files.enter_context(request.source.open("rb"))
    except OSError as error:
        raise UserError(f"Cannot read {request.source}: {error.strerror}.") from error
    return file, headers | {"Content-Length": str(request.source.stat().st_size)}


def _save(answer: urllib3.BaseHTTPResponse, sink: Path, *, host: str, until: float) -> None:
    try:
        with sink.open("wb") as file:
            while chunk := answer.read1(2**20):
                file.write(chunk)
                if time.monotonic() > until:
                    answer.close()
                    raise MaybeSentError(f"{host} was still sending after {TRANSFER_DEADLINE:.0f} s.")
    except OSError as error:
        answer.close()
        raise UserError(f"Cannot write {sink}: {error.strerror}.", "Make room there and try again.") from error


def _read(answer: urllib3.BaseHTTPResponse, *, host: str, until: float) -> bytes:
    body = bytearray()
    while chunk := answer.read1(2**16):
        body += chunk
        if len(body) > MAX_ANSWER:
            answer.close()
            raise MaybeSentError(f"{host} sent more than {MAX_ANSWER // 2**20} MiB, which is no API answer.")
        if time.monotonic() > until:
            answer.close()
            raise MaybeSentError(f"{host} was still sending after {DEADLINE:.0f} s.")
    return bytes(body)


def _broken(error: HTTPError, host: str) -> OutsideError:
    if isinstance(error, SSLError):
        reason = re.sub(r"\s*\(_ssl\.c:\d+\)", "", str(error)).strip("()' ")
        return NeverSentError(
            f"No secure connection to {host}: {reason}.", "If it has its own certificate, name it in SSL_CERT_FILE."
        )
    if isinstance(error, NewConnectionError | ProxyError | urllib3.exceptions.ConnectTimeoutError):
        return NeverSentError(f"No connection to {host}.", "Check the network and try again.")
    if isinstance(error, Timeout):
        return MaybeSentError(f"{host} did not answer in time.", "Try again later.")
    return MaybeSentError(f"The connection to {host} broke in the middle of an answer.", "Try again later.")


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port: what two addresses must share for a token to go to both."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def next_page(link: str) -> str:
    """Return the address marked `rel="next"` in a Link header (RFC 8288), or an empty string on the last page."""
    for address, parameters in re.findall(r"<([^<>]*)>([^<]*)", link):
        if re.search(r';\s*rel="?([^";]*\s)?next(\s[^";]*)?"?\s*(;|,|$)', parameters):
            return str(address)
    return ""
