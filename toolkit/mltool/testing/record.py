"""What checks claim and measure, for whoever listens: the recorder of the plugin."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mltool.gates.model_tests import Claim

_LISTENING: ContextVar[list[Claim] | None] = ContextVar("mltool-claims", default=None)


@contextmanager
def listening() -> Iterator[list[Claim]]:
    """Yield a list that fills with the claims of the checks that are called inside."""
    claims: list[Claim] = []
    token = _LISTENING.set(claims)
    try:
        yield claims
    finally:
        _LISTENING.reset(token)


def claimed(claim: Claim) -> None:
    """Note a claim, before its check raises; where nobody listens it is forgotten."""
    claims = _LISTENING.get()
    if claims is not None:
        claims.append(claim)
