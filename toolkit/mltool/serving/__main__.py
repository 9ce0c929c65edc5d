"""`python -m server`: check the bundle in this folder, then serve its model.

Nothing of the bundle is imported before it was checked, but for this file and the one that checks.
"""

import os
import sys

# Before anything else is imported: a module in the bundle's folder must not stand in for Python's own, and compiled
# copies beside the sources would be files that the checksums do not know.
sys.dont_write_bytecode = True
sys.path[:] = [place for place in sys.path if place not in ("", ".", os.getcwd())]  # noqa: PTH109
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse  # noqa: E402
import importlib  # noqa: E402
import socket  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

from . import integrity  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Serve, or replay; return the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        integrity.check(asked.bundle, allowed_signers=asked.allowed_signers)
        listener = None if asked.replay else _listener(asked)
    except integrity.RefusedError as error:
        sys.stderr.write(f"Refused: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    warnings.simplefilter("ignore")
    start = importlib.import_module(".start", __package__)
    if listener is None:
        return int(start.replayed(asked.bundle))
    app = importlib.import_module(".app", __package__)
    options = start.Options(
        folder=asked.bundle,
        listener=listener,
        gate=None if asked.ready_fd is None else socket.socket(fileno=asked.ready_fd),
        log=asked.log,
        log_bytes=asked.log_bytes,
        log_files=asked.log_files,
        connections=asked.connections,
        limits=app.Limits(body_bytes=asked.body_bytes, rows=asked.rows, body_seconds=asked.body_seconds),
    )
    return int(start.serve(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description="Serve the model of a bundle.")
    add = parser.add_argument
    add("--bundle", type=Path, default=Path(), help="the bundle's folder (this one)")
    add("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    add("--port", type=int, default=8501, help="0: any that is free (8501)")
    add("--fd", type=int, help="a socket that is bound already, instead of host and port")
    add("--ready-fd", type=int, help="a socket that hears `ready` and answers `go` when connections may be accepted")
    add("--allowed-signers", type=Path, help="the checksums must be signed by one of these (see man ssh-keygen)")
    add("--replay", action="store_true", help="only replay the golden predictions; differences as JSON lines")
    add("--log", type=Path, help="write every prediction to this file, as JSON lines")
    add("--log-bytes", type=int, default=100 * 2**20, help="begin a new log file after so many bytes (100 MiB)")
    add("--log-files", type=int, default=5, help="how many older log files to keep (5)")
    add("--body-bytes", type=int, default=4 * 2**20, help="the longest body (4 MiB)")
    add("--body-seconds", type=float, default=20.0, help="how long a body may take to arrive (20)")
    add("--rows", type=int, default=10_000, help="the most rows in one request (10000)")
    add("--connections", type=int, default=1000, help="the most connections at a time (1000)")
    return parser


def _listener(asked: argparse.Namespace) -> socket.socket:
    """Return the socket to listen on; raises OSError with a sentence."""
    if asked.fd is not None:
        return socket.socket(fileno=asked.fd)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            asked.host, asked.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With the protocol left to be guessed, asyncio does not send small answers at once: 40 ms for each.
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"Cannot listen on {asked.host}:{asked.port}: {reason}. Choose another --port.") from error
    return listener


if __name__ == "__main__":
    sys.exit(main())
