"""Files go to and from an API, and the token goes nowhere else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mltool.errors import OutsideError, UserError
from mltool.forges.session import Session
from mltool.http import Answer, MaybeSentError, Request, Secret, connect
from support import github

TOKEN = "ghp_secret"


def session(answer: Callable[[Request], Answer], base: str = "https://api.github.com") -> Session:
    return Session(base=base, token=Secret(TOKEN), send=answer, sleep=lambda seconds: None)


@pytest.mark.parametrize(
    ("base", "url", "goes"),
    [
        ("https://api.github.com", "https://uploads.github.com/repos/o/r/releases/1/assets?name=x", True),
        ("https://api.github.com", "https://api.github.com/x", True),
        ("https://api.acme.ghe.com", "https://uploads.acme.ghe.com/x", True),
        ("https://git.acme.org/api/v3", "https://git.acme.org/api/uploads/x", True),
        ("https://api.github.com", "https://uploads.github.com.evil.org/x", False),
        ("https://api.github.com", "https://evil.org/uploads.github.com", False),
        ("https://api.github.com", "http://uploads.github.com/x", False),
        ("https://api.github.com", "https://uploads.github.com:8443/x", False),
        ("https://api.github.com", "https://uploads.github.com@evil.org/x", False),
        ("https://git.acme.org/api/v3", "https://uploads.github.com/x", False),
        ("https://api.github.com", "https://[evil", False),
        ("https://api.github.com", "", False),
    ],
)
def test_a_file_is_sent_to_the_host_of_the_api_or_the_one_for_uploads(
    tmp_path: Path, base: str, url: str, *, goes: bool
) -> None:
    sent: list[Request] = []

    def send(request: Request) -> Answer:
        sent.append(request)
        return Answer(status=201)

    file = tmp_path / "x"
    file.write_bytes(b"x")
    if goes:
        assert session(send, base).upload(url, file).good
        assert [request.url for request in sent] == [url]
    else:
        with pytest.raises(OutsideError, match="where the token must not go"):
            session(send, base).upload(url, file)
        assert sent == []


def test_the_token_is_left_behind_at_the_first_other_host_and_does_not_come_back(tmp_path: Path) -> None:
    sent: list[Request] = []
    places = iter(["https://storage.example.org/x?sig=1", "https://api.github.com/x"])

    def send(request: Request) -> Answer:
        sent.append(request)
        to = next(places, "")
        return Answer(status=302, headers={"location": to}) if to else Answer(status=200)

    session(send).download("/repos/o/r/releases/assets/1", tmp_path / "copy")
    assert [TOKEN in str(dict(request.headers)) for request in sent] == [True, False, False]
    assert {request.sink for request in sent} == {tmp_path / "copy"}


def test_bytes_are_not_fetched_over_an_open_line(tmp_path: Path) -> None:
    def send(request: Request) -> Answer:
        return Answer(status=302, headers={"location": "http://storage.example.org/x"})

    with pytest.raises(UserError, match="unencrypted"):
        session(send).download("/x", tmp_path / "copy")


def test_a_circle_of_redirects_ends(tmp_path: Path) -> None:
    def send(request: Request) -> Answer:
        return Answer(status=302, headers={"location": "https://storage.example.org/x"})

    with pytest.raises(OutsideError, match="redirects in a circle"):
        session(send).download("/x", tmp_path / "copy")


@pytest.mark.slow
def test_a_file_comes_whole_or_the_connection_is_said_to_be_broken(proxy: github.Proxy, tmp_path: Path) -> None:
    send = connect(proxy.url)
    proxy.fail("GET", "/file", status=200, body=b"x" * 3_000_000, times=1)
    copy = tmp_path / "copy"
    answer = send(Request(method="GET", url=f"{proxy.url}/file", sink=copy))
    assert (answer.body, copy.stat().st_size) == (b"", 3_000_000)
    proxy.fail("GET", "/file", silent=0.0, times=1)
    with pytest.raises(MaybeSentError):
        send(Request(method="GET", url=f"{proxy.url}/file", sink=copy))


@pytest.mark.slow
def test_a_refusal_is_read_and_not_written_into_the_file(proxy: github.Proxy, tmp_path: Path) -> None:
    proxy.fail("GET", "/file", status=403, body=github.refusal("no"))
    answer = connect(proxy.url)(Request(method="GET", url=f"{proxy.url}/file", sink=tmp_path / "copy"))
    assert b"no" in answer.body
    assert not (tmp_path / "copy").exists()


@pytest.mark.slow
def test_a_place_that_cannot_be_written_and_a_file_that_is_not_there_are_yours(
    proxy: github.Proxy, tmp_path: Path
) -> None:
    send = connect(proxy.url)
    proxy.fail("GET", "/file", status=200, body=b"x")
    with pytest.raises(UserError, match="Cannot write"):
        send(Request(method="GET", url=f"{proxy.url}/file", sink=tmp_path / "no" / "copy"))
    with pytest.raises(UserError, match="Cannot read"):
        send(Request(method="POST", url=f"{proxy.url}/file", source=tmp_path / "no"))
