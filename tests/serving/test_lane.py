"""The short way takes exactly the plain request; all else goes the long one."""

import pytest

from mltool.serving.lane import Plain, plain

HEAD = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n"


@pytest.mark.parametrize(
    ("more", "request_id"),
    [
        ("", ""),
        ("accept: */*\r\nUser-Agent: curl/8\r\n", ""),
        ("X-Request-Id: abc-1\r\n", "abc-1"),
    ],
)
def test_a_plain_request_is_taken(more: str, request_id: str) -> None:
    assert plain(f"{HEAD}{more}\r\n".encode()) == Plain(12, request_id)


def test_a_charset_does_not_matter() -> None:
    assert plain(f"{HEAD}\r\n".replace("json", "json; charset=utf-8").encode()) == Plain(12, "")


@pytest.mark.parametrize(
    "more",
    [
        "Content-Length: 12\r\n",
        "Content-Length: 13\r\n",
        "content-length : 13\r\n",
        "Transfer-Encoding: chunked\r\n",
        "TRANSFER-ENCODING: identity\r\n",
        "Expect: 100-continue\r\n",
        "Connection: close\r\n",
        "Upgrade: h2c\r\n",
        "Content-Encoding: gzip\r\n",
        "Host: y\r\n",
        "Content-Type: application/json\r\n",
        "X-Request-Id: a b\r\n",
        "X-Request-Id: \r\n",
        f"X-Request-Id: {'x' * 129}\r\n",
        " folded: 1\r\n",
        "no colon\r\n",
        "bare: \n\r\n",
        "zero: \0\r\n",
        "bare: a\rb\r\n",
        "latin: é\r\n",
        ": no name\r\n",
    ],
)
def test_what_is_not_plain_goes_the_long_way(more: str) -> None:
    assert plain(f"{HEAD}{more}\r\n".encode("latin-1")) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("POST", "post"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("/predict", "/predict?x=1"),
        ("Host: x\r\n", ""),
        ("Content-Length: 12\r\n", ""),
        ("Content-Length: 12", "Content-Length: +12"),
        ("Content-Length: 12", "Content-Length: 12, 12"),
        ("Content-Length: 12", "Content-Length: 0x12"),
        ("Content-Length: 12", "Content-Length: 1234567890"),
        ("application/json", "text/plain"),
        ("application/json", "application/jsonx"),
        ("Content-Type: application/json\r\n", ""),
    ],
)
def test_a_head_that_misses_something_goes_the_long_way(old: str, new: str) -> None:
    assert plain(f"{HEAD}\r\n".replace(old, new).encode()) is None
