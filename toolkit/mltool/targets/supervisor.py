"""Keep one model answering: own its address, hand it to worker processes, switch between them, start them again.

`python supervisor.py HOME` runs in the foreground (for systemd), `--detach` in the background. It stands alone on the
standard library and is copied into HOME, because it outlives the mltool that started it.

    HOME/order.json   what is to run: written by mltool, which then sends SIGHUP
    HOME/state.json   what runs, and what became of the order with that number
    HOME/lock         held for as long as a supervisor lives; holds its process id

A worker gets the listening socket (`--fd`) and a second one (`--ready-fd`): it writes `ready` there once it would
answer, and accepts nothing before it reads `go`. So the address changes hands in one moment, and what arrives in that
moment waits in the kernel's queue. The version before is started once more and left waiting for its `go`: going back
to it takes no time.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROTOCOL: Final = 1
TICK: Final = 0.5
LONG_ENOUGH: Final = 60.0
SLOWEST: Final = 30.0
LOG_BYTES: Final = 5 * 2**20
BACKLOG: Final = 1024

Spec = dict[str, Any]
Address = tuple[str, int]


@dataclass(kw_only=True)
class Worker:
    """One process. `process` is None for one that an earlier supervisor started; `gate` is open until it may accept.

    `serial` is the order that it was started for; empty for one that stands in for one that died.
    """

    spec: Spec
    pid: int = 0
    ticks: int = 0
    born: float = 0.0
    serial: str = ""
    process: subprocess.Popen[bytes] | None = None
    gate: socket.socket | None = None
    kill_at: float = 0.0

    def alive(self) -> bool:
        """Return whether it still runs; a process id that another process got is not it."""
        if self.process is not None:
            return self.process.poll() is None
        return self.ticks > 0 and ticks(self.pid) == self.ticks

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.alive():
            os.kill(self.pid, number)


def ticks(pid: int) -> int:
    """Return when the process started, in the kernel's ticks since boot; 0 where there is none, or no /proc."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if words[0] == "Z" else int(words[19])


class Supervisor:
    """The loop: signals, orders, workers that get ready, stop or die."""

    def __init__(self, home: Path, wakeup: socket.socket) -> None:
        self.home = home
        self.wakeup = wakeup
        self.asked_to_stop = False
        self.stopping = False
        self.serial = ""
        self.answer: dict[str, Any] = {}
        self.trouble = ""
        self.active: Worker | None = None
        self.coming: Worker | None = None
        self.spare: Worker | None = None
        self.leaving: list[Worker] = []
        self.listeners: dict[Address, socket.socket] = {}
        self.restarts = 0
        self.restart_at = 0.0
        self.resume()

    def resume(self) -> None:
        """Take up what an earlier supervisor left: the worker that still answers, else what it was running."""
        before = read(self.home / "state.json")
        if before.get("protocol") != PROTOCOL:
            return
        self.serial, self.answer = before["serial"], before["answer"]
        if before["live"] is not None:
            # One that is gone is started again by the loop, as any that died.
            self.active = Worker(spec=before["live"], born=time.monotonic(), **(before["worker"] or {}))

    def run(self) -> None:
        """Serve until an order or a signal says to stop."""
        while True:
            if self.asked_to_stop and not self.stopping:
                self.stopping = True
                self.stop(live=self.active.spec if self.active else None)
            self.take_order()
            self.look_at_coming()
            self.look_at_active()
            self.look_at_leaving()
            # With nothing to look after there is nothing to stay for.
            if not self.leaving and (self.stopping or not (self.active or self.coming)):
                return
            gates = [worker.gate for worker in (self.coming,) if worker and worker.gate]
            readable, _, _ = select.select([self.wakeup, *gates], [], [], TICK)
            if self.wakeup in readable:
                self.wakeup.recv(4096)

    def take_order(self) -> None:
        """Begin what order.json asks for, if that is new."""
        order = read(self.home / "order.json")
        if self.stopping or not order or order["serial"] == self.serial:
            return
        self.serial = order["serial"]
        if self.coming:
            self.retire(self.coming)
            self.coming = None
        if order["worker"] is None:
            self.answer = {"outcome": "stopped"}
            self.stop(live=None)
            return
        self.answer = {"outcome": "switching"}
        self.write()
        if self.spare and self.spare.alive() and alike(self.spare.spec, order["worker"]):
            self.coming, self.spare = self.spare, None
            self.coming.serial, self.coming.born = self.serial, time.monotonic()
        else:
            self.coming = self.start(order["worker"], serial=self.serial)

    def start(self, spec: Spec, *, serial: str = "") -> Worker | None:
        """Start a worker; it accepts nothing before it is ready and told to go. None where it cannot be started."""
        ours, theirs = socket.socketpair()
        try:
            listener = self.listener(address_of(spec))
            handles = (listener.fileno(), theirs.fileno())
            with self.log(spec["version"]) as log:
                process = subprocess.Popen(
                    [*spec["command"], "--fd", str(handles[0]), "--ready-fd", str(handles[1])],
                    cwd=spec["folder"],
                    env=spec["environ"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=handles,
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            self.failed(serial, fault="place", reason=f"{error.strerror or error}")
            return None
        finally:
            theirs.close()
        started = Worker(spec=spec, pid=process.pid, ticks=ticks(process.pid), born=time.monotonic(), serial=serial)
        started.process, started.gate = process, ours
        return started

    def listener(self, address: Address) -> socket.socket:
        """Return the socket bound to the address; OSError where somebody else has it.

        It listens only once a worker is told to go. SO_REUSEPORT lets a supervisor bind beside the worker that it
        adopted from one that was killed; anybody else's address is refused, by binding without it first.
        """
        if address in self.listeners:
            return self.listeners[address]
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        adopted = self.active is not None and self.active.process is None and self.active.alive()
        try:
            if not adopted:
                with socket.socket(family) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(address)
            bound = socket.socket(family)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            bound.bind(address)
        except OSError as error:
            raise OSError(error.errno, f"{address[0]}:{address[1]}: {os.strerror(error.errno or 0)}") from error
        self.listeners[address] = bound
        return bound

    def look_at_coming(self) -> None:
        """Let the coming worker take over once it is ready; give up on one that died or takes too long."""
        worker = self.coming
        if worker is None or worker.gate is None:
            return
        if select.select([worker.gate], [], [], 0)[0] and worker.gate.recv(64).startswith(b"ready"):
            self.switch(worker)
        elif not worker.alive():
            self.give_up(worker, f"it ended with code {worker.process.returncode if worker.process else '?'}")
        elif time.monotonic() - worker.born > worker.spec["start_seconds"]:
            self.give_up(worker, f"it was not ready after {worker.spec['start_seconds']:g} s")

    def switch(self, worker: Worker) -> None:
        """Tell the old worker to finish what it has, and the new one to go: in this order, a queue in between."""
        old, gate = self.active, worker.gate
        self.listeners[address_of(worker.spec)].listen(BACKLOG)
        if old is not None and old.alive():
            self.retire(old)
        if gate is not None:
            with contextlib.suppress(OSError):
                gate.sendall(b"go\n")
            gate.close()
        worker.gate = None
        self.active, self.coming = worker, None
        self.close_listeners(keep=worker.spec)
        if worker.serial:
            self.answer = {"outcome": "live"}
            self.keep_spare(old.spec if old else None, beside=worker.spec)
        self.trouble = ""
        self.write()

    def keep_spare(self, spec: Spec | None, *, beside: Spec) -> None:
        """Have the version before wait beside the live one, where that is wanted and it has the same address."""
        if self.spare:
            self.retire(self.spare)
            self.spare = None
        if spec and beside["warm"] and not alike(spec, beside) and address_of(spec) == address_of(beside):
            self.spare = self.start(spec)

    def close_listeners(self, *, keep: Spec | None) -> None:
        """Give up every address but the one that is kept."""
        kept = address_of(keep) if keep else None
        for address in [address for address in self.listeners if address != kept]:
            self.listeners.pop(address).close()

    def give_up(self, worker: Worker, reason: str) -> None:
        self.retire(worker)
        self.coming = None
        self.failed(worker.serial, fault="version", reason=reason)

    def failed(self, serial: str, *, fault: str, reason: str) -> None:
        """Say that a worker could not be started; what ran before still does, or is started again a little later."""
        if serial:
            self.answer = {"outcome": "failed", "fault": fault, "reason": reason}
        else:
            self.restarts += 1
            self.restart_at = time.monotonic() + self.wait()
            self.trouble = reason
        self.close_listeners(keep=self.active.spec if self.active else None)
        self.write()

    def wait(self) -> float:
        """Return the seconds before the next start: none at first, twice as many each time."""
        return 0.0 if self.restarts <= 1 else min(SLOWEST, 0.25 * 2 ** min(self.restarts, 10))

    def look_at_active(self) -> None:
        """Start the active worker again when it died, later and later when it keeps dying."""
        worker = self.active
        if worker is None or self.coming or self.stopping or worker.alive():
            return
        if worker.pid:
            lived = time.monotonic() - worker.born
            self.restarts = 0 if lived > LONG_ENOUGH else self.restarts + 1
            self.restart_at = time.monotonic() + self.wait()
            worker.pid = 0
            self.write()
        if time.monotonic() >= self.restart_at:
            self.coming = self.start(worker.spec)

    def look_at_leaving(self) -> None:
        """Reap those that finished, and end those that do not."""
        for worker in tuple(self.leaving):
            if not worker.alive():
                self.leaving.remove(worker)
            elif time.monotonic() > worker.kill_at:
                worker.signal(signal.SIGKILL)

    def retire(self, worker: Worker) -> None:
        """Ask a worker to finish what it has and go."""
        if worker.gate is not None:
            worker.gate.close()
            worker.gate = None
        worker.signal(signal.SIGTERM)
        worker.kill_at = time.monotonic() + worker.spec["drain_seconds"]
        self.leaving.append(worker)

    def stop(self, *, live: Spec | None) -> None:
        """End all workers; `live` is what a later supervisor starts again."""
        for worker in (self.active, self.coming, self.spare):
            if worker is not None:
                self.retire(worker)
        self.active = Worker(spec=live) if live else None
        self.coming = self.spare = None
        self.close_listeners(keep=None)
        self.write()

    def log(self, version: str) -> Any:
        """Open the log of a version, to append to; a long one is put aside first."""
        path = self.home / "log" / f"{version}.log"
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def write(self) -> None:
        """Write state.json whole."""
        active = self.active
        running = active is not None and active.alive()
        state = {
            "protocol": PROTOCOL,
            "serial": self.serial,
            "pid": os.getpid(),
            "answer": self.answer,
            "trouble": self.trouble,
            "live": active.spec if active else None,
            "worker": {"pid": active.pid, "ticks": active.ticks} if active and running else None,
            "spare": self.spare.pid if self.spare else None,
            "restarts": self.restarts,
        }
        beside = self.home / ".state.json"
        beside.write_text(json.dumps(state, indent=2))
        beside.replace(self.home / "state.json")


def address_of(spec: Spec) -> Address:
    """Return host and port."""
    return spec["host"], spec["port"]


def alike(one: Spec, other: Spec) -> bool:
    """Return whether a worker of one is as good as one of the other; what it inherited of a shell is no difference."""
    return all(one[key] == other[key] for key in ("digest", "folder", "command", "host", "port", "settings"))


def read(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file; empty where there is none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def hold(home: Path) -> int:
    """Return the handle of the lock; exits where another supervisor has it."""
    handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    for attempt in range(20, -1, -1):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            # Whoever asks whether we live holds the lock for a moment.
            if not attempt:
                sys.exit(f"a supervisor already looks after {home}")
            time.sleep(0.02)
    os.truncate(handle, 0)
    os.write(handle, f"{os.getpid()}\n".encode())
    return handle


def detach(home: Path) -> None:
    """Go on in the background, in a session of our own; the foreground process ends once the lock is held."""
    read_end, write_end = os.pipe()
    if os.fork():
        os.close(write_end)
        os._exit(0 if os.read(read_end, 1) else 1)
    os.setsid()
    hold(home)
    log = os.open(home / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.write(write_end, b"+")
    os.close(write_end)


def main(home: Path, *, background: bool) -> None:
    """Look after HOME until told to stop."""
    os.chdir(home)
    if background:
        detach(home)
    else:
        hold(home)
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.settimeout(0)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    supervisor = Supervisor(home, ours)
    for number in (signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(supervisor, "asked_to_stop", True))
    supervisor.run()


if __name__ == "__main__":
    main(Path(sys.argv[-1]).resolve(), background="--detach" in sys.argv[1:-1])
