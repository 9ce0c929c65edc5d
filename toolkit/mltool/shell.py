"""Run a program."""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mltool.errors import OutsideError, UserError

# What lets a job write to its repository. Code of the repository that runs beside such a job gets none of it.
TOKENS: Final = ("MLTOOL_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN")


@dataclass(frozen=True)
class Result:
    """What a finished program left behind."""

    code: int
    out: bytes
    err: str


def untrusted(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for code that is not ours: without the tokens of the job that runs it."""
    return {name: value for name, value in environ.items() if name not in TOKENS}


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    environ: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> Result:
    """Run `command` to its end and return its code and output; a program that is not installed is a UserError."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env=dict(environ) if environ is not None else None,
            capture_output=True,
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise UserError(f"{cwd} is not a folder.") from error
        raise UserError(f"`{command[0]}` is not installed or not on PATH.", "Install it and try again.") from error
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"`{command[0]}` did not finish within {timeout:.0f} s.") from error
    return Result(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def stream(command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str] | None = None) -> int:
    """Run `command` with its output going straight to the terminal, and return its exit code."""
    try:
        return subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=dict(environ) if environ is not None else None,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
    except FileNotFoundError as error:
        raise UserError(f"`{command[0]}` is not installed or not on PATH.", "Install it and try again.") from error


def tee(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    aside: bool = False,
    apart: bool = False,
) -> Result:
    """Run `command` like `stream`, and also return the end of what it wrote to standard error.

    `aside` sends its standard output to ours for errors, so that ours for results stays clean. `apart` runs it in a
    group of its own, of which nothing is left where we are stopped.
    """
    env = dict(environ) if environ is not None else None
    try:
        running = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno() if aside else None,
            stderr=subprocess.PIPE,
            start_new_session=apart,
        )
    except FileNotFoundError as error:
        raise UserError(f"`{command[0]}` is not installed or not on PATH.", "Install it and try again.") from error
    lines: deque[str] = deque(maxlen=200)
    with running, _ending(running) if apart else nullcontext():
        for line in running.stderr or ():
            sys.stderr.buffer.write(line)
            sys.stderr.flush()
            lines.append(line.decode(errors="replace"))
    return Result(running.returncode, b"", "".join(lines))


def confined(command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str], timeout: float) -> int | None:
    """Run a program that may do anything, without a word of it, and return its exit code; None after `timeout` seconds.

    Of its group nothing is left when this returns.
    """
    running = subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return running.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        # The group outlives its first process, where that has left others.
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def attend(command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str]) -> int:
    """Run a server with its output going to the terminal until it ends; return its exit code.

    Asked to stop, by a signal or from the keyboard, it is given the time that it needs to finish what it has begun.
    """
    with started(command, cwd=cwd, environ=environ) as running, _passing_on(running):
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:
                # The terminal has sent it to the whole group: the server is stopping already.
                continue


@contextmanager
def started(
    command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str], handles: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Give a running program, which inherits the open files `handles`, and stop it in the end."""
    try:
        running = subprocess.Popen(
            [str(word) for word in command], cwd=cwd, env=dict(environ), stdin=subprocess.DEVNULL, pass_fds=handles
        )
    except FileNotFoundError as error:
        raise UserError(f"`{command[0]}` is not installed or not on PATH.", "Install it and try again.") from error
    with running:
        try:
            yield running
        finally:
            running.terminate()


@contextmanager
def unwinding() -> Iterator[None]:
    """Let a signal to stop end what is begun in order, as Ctrl-C does, so that nothing is left behind."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _ending(running: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the group of a program where what happens inside does not come to its end."""
    try:
        yield
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        raise


@contextmanager
def _passing_on(running: subprocess.Popen[bytes]) -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, lambda *_: running.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
