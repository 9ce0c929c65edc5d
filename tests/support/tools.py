"""`docker` and `kubectl` for machines that have no daemon and no cluster: they read what the real ones would read.

`docker compose up` starts the bundle's own server on the published port; `down` ends it. `kubectl apply` keeps each
object as a file, `delete` removes it, `rollout` and `wait` find it ready. Both write down how they were called, and
fail as the file `fail` beside them says.
"""

import os
import sys
from pathlib import Path

TOOL = """#!{python}
import io, json, os, signal, subprocess, sys, time, urllib.request
from pathlib import Path
from ruamel.yaml import YAML

here = Path(__file__).parent
words = sys.argv[1:]
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([Path(__file__).name, *words]) + "\\n")
if (here / "fail").exists():
    sys.exit((here / "fail").read_text())

def after(flag):
    return Path(words[words.index(flag) + 1])

def stop():
    for pid in here.glob("*.pid"):
        try:
            os.kill(int(pid.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            pass
        pid.unlink()

def docker():
    file = after("--file")
    stop()
    if "down" in words:
        return
    (service,) = YAML(typ="safe").load(file.read_text())["services"].values()
    host, port, _ = service["ports"][0].split(":")
    context = file.parent / service["build"]["context"]
    server = subprocess.Popen([sys.executable, "-m", "server", "--port", port], cwd=context, start_new_session=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (here / f"{{server.pid}}.pid").write_text(str(server.pid))
    for _ in range(500):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{{port}}/version").close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit("container is unhealthy")

def kubectl():
    if "apply" in words or "delete" in words:
        for item in YAML(typ="safe").load_all(after("--filename").read_text()):
            kept = here / "cluster" / f"{{item['kind']}}-{{item['metadata']['name']}}.json"
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(item)) if "apply" in words else kept.unlink(missing_ok=True)

docker() if Path(__file__).name == "docker" else kubectl()
"""


def install(folder: Path) -> dict[str, str]:
    """Put both into a folder and return the environment in which they are found first."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("docker", "kubectl"):
        (folder / name).write_text(TOOL.format(python=sys.executable))
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
