"""What a forge's address and answers mean: who may get the token, when to wait, what was said."""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mltool.errors import UserError
from mltool.http import LOOPBACK, Answer


def check_base(api: str) -> str:
    """Return the API's address without a slash at its end.

    Raises UserError for one that is no http(s) address, or that would carry a token unencrypted to another machine.
    """
    try:
        parts = urlsplit(api)
        valid = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise UserError("The API address is not an https:// address.", "Check GITHUB_API_URL.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise UserError(
            f"{api} would carry the token unencrypted over the network.", "Set GITHUB_API_URL to its https:// address."
        )
    return api.rstrip("/")


def limited(answer: Answer) -> bool:
    """Return whether the server asks us to slow down rather than telling us that we may not.

    GitHub says so with 429, or with 403 and a header, or for its secondary limits in the text alone:
    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    if answer.status == 429:
        return True
    if answer.status != 403:
        return False
    said = answer.body[:2000].lower()
    return (
        "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining") == "0"
        or b"secondary rate limit" in said
        or b"abuse detection" in said
    )


def pause(answer: Answer, *, tries: int, now: float) -> float:
    """Return how many seconds to wait before sending again, after `tries` attempts; `now` is in epoch seconds."""
    after = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", after):
        return float(after)
    if after:
        try:
            return max(0.0, parsedate_to_datetime(after).timestamp() - now)
        except (ValueError, OverflowError):
            pass
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    if answer.headers.get("x-ratelimit-remaining") == "0" and re.fullmatch(r"[0-9]{1,12}", reset):
        return max(1.0, float(reset) - now)
    return 60.0 * 2 ** (tries - 1) if limited(answer) else 2.0 ** (tries - 1)


def message(answer: Answer) -> str:
    """Return what the server said about its refusal, short and on one line; empty when it is no JSON."""
    try:
        said = msgspec.json.decode(answer.body, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    details = "; ".join(detail for error in said.errors if (detail := _detail(error)))
    line = " ".join(f"{said.message}: {details}".split() if details else said.message.split())
    return "".join(letter for letter in line if letter.isprintable())[:200]


@dataclass(frozen=True, kw_only=True)
class _Said:
    message: str = ""
    errors: tuple[Any, ...] = ()


def _detail(error: object) -> str:
    if isinstance(error, str):
        return error
    return str(error.get("message") or "") if isinstance(error, dict) else ""
