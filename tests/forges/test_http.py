"""One request over a real socket: each way it can break has a sentence."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import urllib3

from mltool import http
from mltool.errors import UserError
from mltool.http import MaybeSentError, NeverSentError, Request
from support import github


@contextmanager
def listener(serve: Callable[..., None], *, tell: bool = False) -> Iterator[str]:
    """Answer one connection with `serve`, which gets the request too if it is to `tell`, and close it."""
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            try:
                request = connection.recv(65536)
                serve(connection, request) if tell else serve(connection)
            except OSError:
                pass

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()
        thread.join()


def get(url: str, *, deadline: float = 60.0, read: float = 5.0) -> http.Answer:
    with urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=read)) as pool:
        return http.send(pool, Request(method="GET", url=url), deadline=deadline)


def test_a_port_where_nobody_listens_was_never_sent_to() -> None:
    with pytest.raises(NeverSentError, match=r"No connection to 127.0.0.1:\d+. Check the network"):
        get(f"http://127.0.0.1:{github.free_port()}")


def test_a_name_that_does_not_exist_was_never_sent_to() -> None:
    with pytest.raises(NeverSentError, match=r"No connection to nowhere\.invalid"):
        get("https://nowhere.invalid/x")


def test_silence_after_sending_may_have_been_acted_on() -> None:
    with (
        listener(lambda connection: time.sleep(0.6)) as url,
        pytest.raises(MaybeSentError, match="did not answer in time"),
    ):
        get(url, read=0.2)


def test_a_connection_that_closes_at_once_may_have_been_acted_on() -> None:
    with listener(lambda connection: None) as url, pytest.raises(MaybeSentError, match="broke in the middle"):
        get(url)


def test_an_answer_that_is_cut_is_no_answer() -> None:
    cut = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half'
    with listener(lambda c: c.sendall(cut)) as url, pytest.raises(MaybeSentError, match="broke in the middle"):
        get(url)


def test_an_answer_that_is_no_http_is_no_answer() -> None:
    with listener(lambda c: c.sendall(b"SSH-2.0-OpenSSH\r\n")) as url, pytest.raises(MaybeSentError):
        get(url)


def test_an_answer_that_never_ends_is_cut_off_at_its_size() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        for _ in range(40):
            connection.sendall(b"x" * 2**20)

    with listener(flood) as url, pytest.raises(MaybeSentError, match="more than 32 MiB"):
        get(url)


def test_an_answer_that_drips_is_cut_off_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        for _ in range(50):
            connection.sendall(b"x")
            time.sleep(0.05)

    started = time.monotonic()
    with listener(drip) as url, pytest.raises(MaybeSentError, match="still sending"):
        get(url, deadline=0.3)
    assert time.monotonic() - started < 2.4


def test_a_server_without_a_trusted_certificate_gets_nothing() -> None:
    def plain(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listener(plain) as url, pytest.raises(NeverSentError, match=r"No secure connection to 127.0.0.1") as error:
        get(url.replace("http://", "https://"))
    assert "SSL_CERT_FILE" in str(error.value)


def test_a_redirect_is_returned_and_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with listener(lambda connection: connection.sendall(moved)) as url:
        assert get(url).status == 302


def test_the_loopback_is_reached_without_the_proxy_of_the_environment() -> None:
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Some: y\r\n\r\n{}"
    with listener(lambda connection: connection.sendall(good)) as url:
        answer = http.connect(url)(Request(method="GET", url=url))
    assert (answer.good, answer.headers["x-some"], answer.body) == (True, "y", b"{}")


def test_a_proxy_gets_the_request_and_its_own_password() -> None:
    heard: list[bytes] = []

    def relay(connection: socket.socket, request: bytes) -> None:
        heard.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with listener(relay, tell=True) as url:
        proxy = url.replace("http://", "http://me:p%40ss@")
        answer = http.connect("http://api.invalid", proxies={"http": proxy})(
            Request(method="GET", url="http://api.invalid/x")
        )
    assert answer.good
    assert heard[0].startswith(b"GET http://api.invalid/x HTTP/1.1")
    assert b"roxy-authorization: Basic bWU6cEBzcw==" in heard[0].replace(b"Authorization", b"authorization")


def test_a_proxy_that_is_down_is_no_connection() -> None:
    port = github.free_port()
    send = http.connect("https://api.invalid", proxies={"https": f"127.0.0.1:{port}"})
    with pytest.raises(NeverSentError, match=r"No connection to api\.invalid"):
        send(Request(method="GET", url="https://api.invalid/x"))


@pytest.mark.parametrize("proxy", ["socks5://me:secret@127.0.0.1:1", "http://me:secret@127.0.0.1:x", "ftp://secret"])
def test_a_proxy_that_speaks_no_http_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(UserError, match="proxy") as error:
        http.connect("https://api.invalid", proxies={"https": proxy})
    assert "secret" not in str(error.value)
