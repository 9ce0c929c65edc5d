"""What happens between a request and its answer: waits, pages, redirects, and where the token may go."""

import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

import pytest

from mltool import http
from mltool.errors import OutsideError, UserError
from mltool.forges import session
from mltool.forges.session import Session
from mltool.http import Answer, MaybeSentError, NeverSentError, Request, Secret

NOW = 1_700_000_000.0
API = "https://api.example"


@dataclass(frozen=True, kw_only=True)
class _Item:
    id: int


class Wire:
    """The other end of a session: answers in order, and what was sent and slept."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[Request] = []
        self.slept: list[float] = []

    def send(self, request: Request) -> Answer:
        self.sent.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def session(self, *, base: str = API, patience: float = 120.0) -> Session:
        return Session(
            base=base,
            token=Secret("t0ken"),
            send=self.send,
            sleep=self.slept.append,
            now=lambda: NOW,
            patience=patience,
        )


def answer(status: int = 200, body: object = None, **headers: str) -> Answer:
    return Answer(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"" if body is None else json.dumps(body).encode(),
    )


def test_pages_are_followed_to_the_last_one() -> None:
    wire = Wire(
        answer(body=[{"id": 1}], link=f'<{API}/x?page=2>; rel="next", <{API}/x?page=3>; rel="last"'),
        answer(body=[{"id": 2}], link=f'<{API}/x?page=1>; rel="prev", <{API}/x?page=3>; rel="next"'),
        answer(body=[{"id": 3}], link=f'<{API}/x?page=1>; rel="first"'),
    )
    pages = list(wire.session().pages(_Item, "/x"))
    assert pages == [(_Item(id=1),), (_Item(id=2),), (_Item(id=3),)]
    assert [request.url for request in wire.sent] == [f"{API}/x", f"{API}/x?page=2", f"{API}/x?page=3"]


def test_a_list_without_end_is_given_up() -> None:
    wire = Wire(answer(body=[], link=f'<{API}/x>; rel="next"'))
    with pytest.raises(OutsideError, match="more than 300 pages"):
        list(wire.session().pages(_Item, "/x"))


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ("", ""),
        ('<https://a/2>; rel="next"', "https://a/2"),
        ("<https://a/2>; rel=next", "https://a/2"),
        ('<https://a/1>; rel="prev", <https://a/3>; title="a"; rel="next"', "https://a/3"),
        ('<https://a/1>; rel="first next"', "https://a/1"),
        ('<https://a/1>; rel="nextish"', ""),
        ('<https://a/1>; rel="last"', ""),
        ("garbage", ""),
    ],
)
def test_the_next_page_is_read_from_the_link_header(link: str, following: str) -> None:
    assert http.next_page(link) == following


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/x", "http://api.example/x", "https://api.example:444/x", "https://[", "//evil/x"],
)
def test_neither_a_redirect_nor_a_page_takes_the_token_to_another_host(elsewhere: str) -> None:
    redirect = Wire(answer(302, location=elsewhere))
    with pytest.raises(OutsideError, match="where the token must not go"):
        redirect.session().call("GET", "/x")
    page = Wire(answer(body=[], link=f'<{elsewhere}>; rel="next"'))
    with pytest.raises(OutsideError, match="where the token must not go"):
        list(page.session().pages(_Item, "/x"))
    assert len(redirect.sent) == len(page.sent) == 1


def test_a_renamed_repository_is_followed_with_the_same_request() -> None:
    wire = Wire(answer(307, location="/repositories/1/x"), answer(201))
    assert wire.session().call("POST", "/repos/o/r/x", body={"a": 1}).status == 201
    assert [(request.method, request.url, request.body) for request in wire.sent] == [
        ("POST", f"{API}/repos/o/r/x", b'{"a":1}'),
        ("POST", f"{API}/repositories/1/x", b'{"a":1}'),
    ]


def test_a_redirect_in_a_circle_is_given_up() -> None:
    with pytest.raises(OutsideError, match="in a circle"):
        Wire(answer(301, location="/x")).session().call("GET", "/x")


def test_a_server_in_trouble_is_tried_four_times_with_growing_pauses() -> None:
    wire = Wire(answer(502))
    with pytest.raises(OutsideError, match=r"api\.example is in trouble: it answered 502. Try again later."):
        wire.session().call("GET", "/x")
    assert (len(wire.sent), wire.slept) == (4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize("status", [408, 500, 501, 520, 599])
def test_every_failure_of_the_server_itself_is_outside(status: int) -> None:
    with pytest.raises(OutsideError, match=f"it answered {status}"):
        Wire(answer(status)).session().call("GET", "/x")


def test_a_server_that_recovers_is_no_error() -> None:
    assert Wire(answer(503), NeverSentError("no"), answer(200)).session().call("GET", "/x").good


def test_a_write_that_may_have_happened_is_not_repeated() -> None:
    for trouble in (answer(502), MaybeSentError("silence")):
        wire = Wire(trouble)
        with pytest.raises(MaybeSentError):
            wire.session().call("POST", "/x", repeatable=False)
        assert len(wire.sent) == 1


def test_a_write_that_was_never_sent_or_was_put_off_is_repeated() -> None:
    wire = Wire(NeverSentError("no"), answer(429, retry_after="2"), answer(201))
    assert wire.session().call("POST", "/x", repeatable=False).status == 201
    assert wire.slept == [1.0, 2.0]


def test_waiting_has_a_bound_over_all_calls_and_then_says_when_to_come_back() -> None:
    wire = Wire(answer(429, retry_after="50"), answer(200), answer(429, retry_after="50"))
    limited = wire.session(patience=90)
    assert limited.call("GET", "/x").good
    with pytest.raises(OutsideError, match=r"slow down.* Try again after 2023-11-14 22:14:10 UTC"):
        limited.call("GET", "/x")
    assert wire.slept == [50.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, 60.0),
        ({"retry-after": "-5"}, 60.0),
        ({"retry-after": "²"}, 60.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 90)}, 90.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "nan"}, 60.0),
        ({}, 60.0),
    ],
)
def test_the_pause_is_what_the_server_asks_for_else_a_minute(headers: Mapping[str, str], seconds: float) -> None:
    assert session.pause(Answer(status=429, headers=headers), tries=1, now=NOW) == seconds


def test_the_pause_after_a_secondary_limit_doubles() -> None:
    said = answer(403, {"message": "You have exceeded a secondary rate limit."})
    assert [session.pause(said, tries=n, now=NOW) for n in (1, 2, 3)] == [60.0, 120.0, 240.0]


@pytest.mark.parametrize(
    ("said", "limited"),
    [
        (answer(429), True),
        (answer(403, retry_after="1"), True),
        (answer(403, x_ratelimit_remaining="0"), True),
        (answer(403, {"message": "You have triggered an abuse detection mechanism."}), True),
        (answer(403, {"message": "Resource not accessible by integration"}, x_ratelimit_remaining="900"), False),
        (answer(200, x_ratelimit_remaining="0"), False),
    ],
)
def test_a_limit_is_told_from_a_missing_permission(said: Answer, *, limited: bool) -> None:
    assert session.limited(said) is limited


def test_a_limit_in_the_past_century_or_the_far_future_is_an_error_and_not_a_crash() -> None:
    for after in ("999999999999", "99999999"):
        with pytest.raises(OutsideError, match="Try again after"):
            Wire(answer(429, retry_after=after)).session().call("GET", "/x")


def test_what_the_server_says_is_quoted_short_on_one_line_and_without_the_token() -> None:
    one = Wire().session()
    assert (
        one.said(answer(422, {"message": "No\n\x1b[31m t0ken", "errors": ["a", {"message": "b"}, 3]}))
        == "No [31m …: a; b"
    )
    assert one.said(Answer(status=418, body=b"<html>")) == "HTTP 418"
    assert len(one.said(answer(422, {"message": "x" * 9000}))) == 200


@pytest.mark.parametrize(
    "base", ["http://github.corp", "ftp://x", "api.github.com", "https://user:pw@x", "https://x:99999", "https://[", ""]
)
def test_an_address_that_would_carry_the_token_in_the_clear_or_is_none_is_refused(base: str) -> None:
    with pytest.raises(UserError):
        Wire().session(base=base)


@pytest.mark.parametrize("base", ["https://git.corp/api/v3/", "http://127.0.0.1:8000", "http://localhost:1"])
def test_https_and_loopback_are_good_addresses(base: str) -> None:
    assert Wire().session(base=base).base == base.rstrip("/")


@pytest.mark.parametrize("show", [repr, str, "{}".format, lambda secret: repr([secret]), lambda secret: f"{secret!s}"])
def test_a_secret_does_not_show_itself(show: Callable[[Secret], str]) -> None:
    assert "t0ken" not in show(Secret("t0ken"))


def test_a_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret("t0ken"))


@pytest.mark.parametrize("value", ["a\nb", "a b", "a\r\nX-Other: 1", "é", "a\0"])
def test_a_token_that_cannot_stand_in_a_header_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(UserError) as error:
        Secret(value)
    assert value not in str(error.value)


def test_a_token_from_a_file_may_end_its_line() -> None:
    assert Secret("t0ken\n").reveal() == "t0ken"


def test_a_request_does_not_show_its_headers() -> None:
    wire = Wire(answer())
    wire.session().call("GET", "/x")
    assert wire.sent[0].headers["Authorization"] == "Bearer t0ken"
    assert "t0ken" not in repr(wire.sent[0])
