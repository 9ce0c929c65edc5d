"""Make DVC repositories of a given size, the same bytes every time, with a base and a head commit.

python benchmarks/repositories.py FOLDER [--stages 5] [--metrics 100] [--values 0] [--files 0] [--changed 1]
"""

import argparse
import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOMENT = "2026-01-02T03:04:05+00:00"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a repository is. `metrics` is a stage's count; `values` are metrics in one more file of its own;
    `files` the files of a tracked directory whose listing is in the cache; `changed` how many stages the head re-ran.
    """

    stages: int = 5
    metrics: int = 100
    values: int = 0
    files: int = 0
    changed: int = 1


@dataclass(frozen=True)
class Made:
    """A repository with its two commits."""

    folder: Path
    base: str
    head: str


def make(folder: Path, size: Size) -> Made:
    """Make a chain of stages, each with a script, a param and a metrics file in Git, committed twice."""
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _write(folder, {".dvc/config": "", ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n", ".dvcignore": "",
                    ".gitignore": "/out\n/data\n", "dvc.yaml": _pipeline(size), "data.dvc": ""})  # fmt: skip
    base = _commit(folder, size, version=1)
    head = _commit(folder, size, version=2)
    return Made(folder, base, head)


def _commit(folder: Path, size: Size, *, version: int) -> str:
    def of(stage: int) -> int:
        return version if stage >= size.stages - size.changed else 1

    files = {f"src/s{i}.py": f"print({i})\n" for i in range(size.stages)}
    files |= {f"metrics/m{i}.json": _metrics(i, of(i), size.metrics) for i in range(size.stages)}
    params = {f"s{i}": {"lr": round(0.001 * (i + of(i)), 6), "depth": 3} for i in range(size.stages)}
    files["params.yaml"] = "".join(f"{name}:\n  lr: {p['lr']}\n  depth: {p['depth']}\n" for name, p in params.items())
    if size.values:
        values = {f"group{i // 100}": {} for i in range(0, size.values, 100)}
        for i in range(size.values):
            values[f"group{i // 100}"][f"v{i}"] = round(i * 0.37 + (version if i % 10 == 0 else 0), 6)
        files["values.json"] = json.dumps(values)
    files["data.dvc"] = _directory(folder, size, version) if size.files else ""
    files["dvc.lock"] = _lock(size, files, params, of)
    if not size.files:
        del files["data.dvc"]
        (folder / "data.dvc").unlink(missing_ok=True)
    _write(folder, files)
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "-m", f"version {version}")
    return _git(folder, "rev-parse", "HEAD")


def _pipeline(size: Size) -> str:
    lines = ["stages:"]
    for i in range(size.stages):
        dep = [f"    - out/o{i - 1}.bin"] if i else []
        lines += [f"  s{i}:", f"    cmd: python src/s{i}.py", "    deps:", f"    - src/s{i}.py", *dep, "    params:",
                  f"    - s{i}.lr", "    outs:", f"    - out/o{i}.bin", "    metrics:", f"    - metrics/m{i}.json:",
                  "        cache: false"]  # fmt: skip
    lines += ["metrics:", "- values.json"] if size.values else []
    return "\n".join(lines) + "\n"


def _lock(size: Size, files: Mapping[str, str], params: Mapping[str, Mapping[str, float]], of: object) -> str:
    """Return dvc.lock as DVC writes it."""
    lines = ["schema: '2.0'", "stages:"]
    for i in range(size.stages):
        lines += [f"  s{i}:", f"    cmd: python src/s{i}.py", "    deps:"]
        lines += _output(f"out/o{i - 1}.bin", f"out {i - 1} {_of(of, i - 1)}") if i else []
        lines += _output(f"src/s{i}.py", files[f"src/s{i}.py"])
        lines += ["    params:", "      params.yaml:", f"        s{i}.lr: {params[f's{i}']['lr']}", "    outs:"]
        lines += _output(f"metrics/m{i}.json", files[f"metrics/m{i}.json"])
        lines += _output(f"out/o{i}.bin", f"out {i} {_of(of, i)}")
    return "\n".join(lines) + "\n"


def _of(of: object, stage: int) -> int:
    assert callable(of)
    return int(of(stage))


def _output(path: str, content: str) -> list[str]:
    digest = _md5(content.encode())
    quoted = f"'{digest}'" if not digest.strip("0123456789e") else digest
    return [f"    - path: {path}", "      hash: md5", f"      md5: {quoted}", f"      size: {len(content)}"]


def _metrics(stage: int, version: int, count: int) -> str:
    values = {f"metric{i}": round(0.5 + 0.001 * i + 0.0001 * stage + 0.01 * version, 6) for i in range(count)}
    return json.dumps({"scores": values}, indent=1)


def _directory(folder: Path, size: Size, version: int) -> str:
    """Put a directory's listing into the cache and return the `.dvc` file that tracks it; 3 files differ."""
    entries = [
        {"md5": _md5(f"{i} {version if i < 3 else 1}".encode()), "relpath": f"part{i // 1000:03}/file{i:06}.bin"}
        for i in range(size.files)
    ]
    content = json.dumps(entries, sort_keys=True)
    digest = _md5(content.encode())
    _write(folder, {f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}.dir": content})
    total = size.files * 1000
    return f"outs:\n- md5: {digest}.dir\n  size: {total}\n  nfiles: {size.files}\n  hash: md5\n  path: data\n"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)


def _git(folder: Path, *words: str) -> str:
    person = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
              for key, value in (("NAME", "Bench"), ("EMAIL", "bench@example.org"), ("DATE", MOMENT))}  # fmt: skip
    done = subprocess.run(("git", *words), cwd=folder, capture_output=True, check=True, env={**os.environ, **person})
    return done.stdout.decode().strip()


def _md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def main() -> None:
    """Make one repository and print its two commits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name in ("stages", "metrics", "values", "files", "changed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Size(), name))
    asked = vars(parser.parse_args())
    made = make(asked.pop("folder"), Size(**asked))
    print(made.base, made.head)


if __name__ == "__main__":
    main()
