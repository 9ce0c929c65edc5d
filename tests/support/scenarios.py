"""Repositories as people have them, each with a base and a head: what DVC reads, in every shape it allows."""

from collections.abc import Callable
from typing import Any

from support.repos import Repo

Scenario = Callable[[Repo], tuple[str, str]]

COPY = 'python -c "import shutil,sys; shutil.copy(sys.argv[1], sys.argv[2])"'


def plain(repo: Repo) -> tuple[str, str]:
    """One stage, one metrics file in Git, one params file."""
    pipeline = """
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [train.lr, train.layers, seed]
    metrics: [{metrics.json: {cache: false}}]
"""
    base = repo.commit({
        "dvc.yaml": pipeline, "train.py": "pass",
        "params.yaml": "train:\n  lr: 0.1\n  layers: [64, 32]\n  gone: 1\nseed: 1\nother: x\n",
        "metrics.json": {"accuracy": 0.8, "loss": {"train": 0.1, "test": 0.2}, "steps": 100, "best": True},
    })  # fmt: skip
    head = repo.commit(
        {
            "params.yaml": "train:\n  lr: 1e-4\n  layers: [64, 16]\n  new: {deep: true}\nseed: 1.0\nother: y\n",
            "metrics.json": {
                "accuracy": 0.9,
                "loss": {"train": 0.1, "val": 0.3},
                "steps": 100.0,
                "best": False,
                "note": "ok",
            },
        }
    )
    return base, head


def nested_and_listed(repo: Repo) -> tuple[str, str]:
    """Lists, nulls, empty tables, deep tables, keys that are numbers or hold dots."""
    pipeline = "metrics: [scores.json, more.yaml]\nparams: [p.json]\n"
    base = repo.commit({
        "dvc.yaml": pipeline,
        "scores.json": {"a": {"b": {"c": {"d": 1}}}, "list": [1, 2], "mixed": [{"x": 1}], "nil": None, "empty": {}},
        "more.yaml": "1: 0.5\n2.5: x\nfolds:\n  0: 0.1\n  1: 0.2\n",
        "p.json": {"list": [1, {"x": [2, 3]}], "nil": None, "empty": {}, "dotted.key": 1, "one": [1]},
    })  # fmt: skip
    head = repo.commit(
        {
            "scores.json": {
                "a": {"b": {"c": {"d": 2}, "e": "f"}},
                "list": [1, 3],
                "mixed": 4,
                "nil": 1,
                "empty": {"x": 1},
            },
            "more.yaml": "1: 0.6\n2.5: y\nfolds:\n  0: 0.1\n  1: 0.25\n",
            "p.json": {"list": [1, {"x": [2, 4]}], "nil": 3, "empty": [], "dotted.key": 2, "one": [2]},
        }
    )
    return base, head


def not_numbers(repo: Repo) -> tuple[str, str]:
    """NaN and infinities in JSON and YAML."""
    base = repo.commit({
        "dvc.yaml": "metrics: [m.json, m.yaml]\n",
        "m.json": '{"a": NaN, "b": 1.0, "c": Infinity, "d": -Infinity, "e": NaN, "f": 1}',
        "m.yaml": "a: .nan\nb: .inf\nc: 1\nd: -.inf\n",
    })  # fmt: skip
    head = repo.commit({
        "m.json": '{"a": 0.5, "b": NaN, "c": -Infinity, "d": -Infinity, "e": NaN, "f": 2}',
        "m.yaml": "a: .nan\nb: 3\nc: .inf\nd: -.inf\n",
    })  # fmt: skip
    return base, head


def yaml_traps(repo: Repo) -> tuple[str, str]:
    """What YAML 1.1 and 1.2 read differently."""
    traps = "on: 1\nyes: no\nexp: 1e-4\nexp2: 1E5\nexp3: -.5e-3\nocta: 010\nocta2: 0o17\nhex: 0x1f\nclock: 12:30\n"
    traps += "nine: 09\nunder: 1_000\ntilde: ~\nempty:\nday: 2026-01-02\nmoment: 2026-01-02T03:04:05Z\nquoted: '1'\n"
    traps += "fold: >\n  a\n  b\nanchor: &x {k: 1}\nalias: *x\nmerged: {<<: *x, l: 2}\nbig: 12345678901234567890123\n"
    base = repo.commit({"dvc.yaml": "metrics: [m.yaml]\nparams: [p.yaml]\n", "p.yaml": traps, "m.yaml": traps})
    other = traps.replace("on: 1", "on: off").replace("no\n", "yes\n").replace("e-4", "e-5").replace("010", "011")
    other = other.replace("12:30", "12:31").replace("~", "1").replace("-02\n", "-03\n").replace("{k: 1}", "{k: 3}")
    other = other.replace("0x1f", "0x20").replace("'1'", "1").replace("1_000", "1_001").replace("0o17", "0o16")
    head = repo.commit({"p.yaml": other, "m.yaml": other})
    return base, head


def every_language(repo: Repo) -> tuple[str, str]:
    """Params in YAML, JSON, TOML and Python, whole and by key."""
    pipeline = """
stages:
  a:
    cmd: echo
    params:
      - lr
      - config.toml: [train.lr, layers, missing.key]
      - hyper.py: [Train.lr, BATCH, NAMES]
      - whole.py:
      - more.json: [a.b, "a.*"]
      - sub/deep.yml:
"""
    code = (
        "import os\nBATCH: int = 32\nNAMES = ['a', 'b']\nPAIR = (1, 2)\nCALL = os.getcwd()\nMIX = {'x': 1, 'y': [2]}\n"
    )
    code += (
        "class Train:\n    lr = 0.1\n    def __init__(self):\n        self.depth = 3\n        local = 4\nA = B = 1\n"
    )
    toml = "layers = [1, 2]\nwhen = 2026-01-02\n[train]\nlr = 0.1\nother = 2\n"
    base = repo.commit({
        "dvc.yaml": pipeline, "params.yaml": "lr: 1\nunused: 2\n", "config.toml": toml, "hyper.py": code,
        "whole.py": code, "more.json": {"a": {"b": 1, "c": 2}, "d": 3}, "sub/deep.yml": "x: {y: 1}\n",
    })  # fmt: skip
    changed = code.replace("32", "64").replace("0.1", "0.2").replace("'b'", "'c'").replace("= 3", "= 5")
    changed = changed.replace("(1, 2)", "(1, 3)").replace("'x': 1", "'x': 7").replace("A = B = 1", "A = B = 2")
    head = repo.commit({
        "params.yaml": "lr: 2\nunused: 3\n", "config.toml": toml.replace("0.1", "0.5").replace("[1, 2]", "[3]"),
        "hyper.py": changed, "whole.py": changed, "more.json": {"a": {"b": 2, "c": 2.5}, "d": 4},
        "sub/deep.yml": "x: {y: 2, z: 3}\n",
    })  # fmt: skip
    return base, head


def several_pipelines(repo: Repo) -> tuple[str, str]:
    """Several dvc.yaml files, with wdir, and the same names in them."""
    stage = "stages:\n  train:\n    cmd: echo\n    params: [lr]\n    metrics: [{m.json: {cache: false}}]\n"
    moved = stage.replace("    cmd", "    wdir: ../work\n    cmd")
    files = {f"{name}/params.yaml": "lr: 1\n" for name in ("one", "work")}
    files |= {f"{name}/m.json": '{"x": 1}' for name in ("one", "work", "deep/er")}
    top = "metrics: [../one/m.json, er/m.json]\nparams: [../extra.yaml]\n"
    base = repo.commit({
        **files, "one/dvc.yaml": stage, "two/dvc.yaml": moved, "deep/dvc.yaml": top, "extra.yaml": "a: 1\n",
    })  # fmt: skip
    head = repo.commit({name: text.replace("1", "2") for name, text in files.items()} | {"extra.yaml": "a: 3\n"})
    return base, head


def templated(repo: Repo) -> tuple[str, str]:
    """vars, `${…}` in every place, foreach over a list and a mapping, matrix."""
    pipeline = """
vars:
  - config/paths.yaml
  - extra.json:eval
  - suffix: v1
stages:
  prepare:
    cmd: python prepare.py ${data.raw} --name ${suffix}
    params: [seed]
    outs: ["${data.out}"]
    metrics:
      - ${data.metrics}/prepare.json: {cache: false}
  train:
    foreach: ${models}
    do:
      cmd: python train.py ${item.name} ${item.lr}
      params: [seed]
      metrics:
        - metrics/${key}.json: {cache: false}
  list:
    foreach: [a, b]
    do:
      cmd: echo ${item} ${eval.k}
      metrics: ["metrics/list-${item}.json": {cache: false}]
  grid:
    matrix:
      x: [1, 2]
      y: ${ys}
    cmd: echo ${item.x} ${item.y}
    metrics: ["metrics/grid-${item.x}-${item.y}.json": {cache: false}]
metrics: ["${data.metrics}/top.json"]
params: ["${data.params}"]
"""
    files: dict[str, Any] = {
        "config/paths.yaml": "data: {raw: raw.csv, out: out.csv, metrics: metrics, params: tuned.toml}\n",
        "extra.json": {"eval": {"k": 3}, "not": "read"},
        "params.yaml": "seed: 1\nmodels:\n  small: {name: s, lr: 0.1}\n  big: {name: b, lr: 0.2}\nys: [p, q]\n",
        "tuned.toml": "a = 1\n",
    }
    names = ("prepare", "small", "big", "list-a", "list-b", "grid-1-p", "grid-1-q", "grid-2-p", "grid-2-q", "top")
    files |= {f"metrics/{name}.json": {"score": i / 10} for i, name in enumerate(names)}
    base = repo.commit({"dvc.yaml": pipeline, **files})
    head = repo.commit({
        "params.yaml": "seed: 2\nmodels:\n  small: {name: s, lr: 0.3}\n  huge: {name: h, lr: 0.2}\nys: [p, r]\n",
        "extra.json": {"eval": {"k": 5}, "not": "read"}, "tuned.toml": "a = 2\n",
        "config/paths.yaml": "data: {raw: raw2.csv, out: out.csv, metrics: metrics, params: tuned.toml}\n",
        "metrics/huge.json": {"score": 0.7}, "metrics/grid-1-r.json": {"score": 0.8},
        "metrics/grid-2-p.json": {"score": 0.9}, "metrics/top.json": {"score": -1},
    })  # fmt: skip
    return base, head


def templated_stage_vars(repo: Repo) -> tuple[str, str]:
    """vars inside a stage, relative to its wdir; a template in a sub-folder with its own params.yaml."""
    pipeline = """
stages:
  a:
    wdir: work
    vars: [local.yaml, {note: hi}]
    cmd: echo ${where} ${note} ${lr}
    params: [lr]
    metrics: ["${where}.json": {cache: false}]
"""
    base = repo.commit({
        "sub/dvc.yaml": pipeline, "sub/params.yaml": "lr: 1\n", "sub/work/params.yaml": "lr: 10\n",
        "sub/work/local.yaml": "where: here\n", "sub/work/here.json": {"x": 1}, "sub/work/there.json": {"x": 5},
    })  # fmt: skip
    head = repo.commit({
        "sub/work/local.yaml": "where: there\n", "sub/params.yaml": "lr: 2\n", "sub/work/params.yaml": "lr: 20\n",
    })  # fmt: skip
    return base, head


def cached(repo: Repo) -> tuple[str, str]:
    """Metrics and params that only DVC's cache holds: a file, a directory, a file in a directory; made by DVC."""
    pipeline = f"""
stages:
  make:
    cmd: >-
      mkdir -p all inner/deep && {COPY} source.json cached.json && {COPY} source.json all/one.json
      && {COPY} source.json all/two.json && {COPY} source.json inner/deep/m.json && {COPY} source.json tuned.json
    deps: [source.json]
    outs: [inner, tuned.json]
    metrics: [cached.json, all]
metrics: [inner/deep/m.json]
params: [tuned.json]
"""
    repo.write({"dvc.yaml": pipeline, "source.json": {"score": 0.1, "x": {"y": 1}}})
    repo.dvc("repro", "-q")
    base = repo.commit()
    repo.write({"source.json": {"score": 0.2, "x": {"y": 1, "z": 2}}})
    repo.dvc("repro", "-q")
    return base, repo.commit()


def metric_directory(repo: Repo) -> tuple[str, str]:
    """A directory of metrics in Git, files of several languages in it."""
    base = repo.commit({
        "dvc.yaml": "stages:\n  a:\n    cmd: echo\n    metrics: [{eval: {cache: false}}]\nmetrics: [more]\n",
        "eval/a.json": {"x": 1}, "eval/b.yaml": "x: 1\n", "eval/in/c.toml": "x = 1\n", "more/d.json": {"x": 1},
        "eval/gone.json": {"x": 1},
    })  # fmt: skip
    repo.git("rm", "-q", "eval/gone.json")
    head = repo.commit({
        "eval/a.json": {"x": 2}, "eval/b.yaml": "x: 2\n", "eval/in/c.toml": "x = 2\n", "eval/new.json": {"x": 3},
    })  # fmt: skip
    return base, head


def dvc_files(repo: Repo) -> tuple[str, str]:
    """Data that `dvc add` tracks, one of which is declared as a metric, and a directory with a metric in it."""
    repo.write({"data/raw.csv": "1\n", "kept.json": {"rows": 1}, "set/m.json": {"n": 1}, "set/x.bin": b"\0\1"})
    repo.write({"dvc.yaml": "metrics: [kept.json, set/m.json]\n"})
    repo.dvc("add", "-q", "data/raw.csv", "kept.json", "set")
    base = repo.commit()
    repo.write({"data/raw.csv": "2\n", "kept.json": {"rows": 2}, "set/m.json": {"n": 2}, "set/y.bin": b"\2"})
    repo.dvc("add", "-q", "data/raw.csv", "kept.json", "set")
    return base, repo.commit()


def renamed_and_removed(repo: Repo) -> tuple[str, str]:
    """Stages renamed, added and removed; metrics that move with them; params that are renamed."""
    first = """
stages:
  old: {cmd: echo, metrics: [{old.json: {cache: false}}], params: [lr]}
  gone: {cmd: echo gone, metrics: [{gone.json: {cache: false}}]}
"""
    second = """
stages:
  new: {cmd: echo, metrics: [{new.json: {cache: false}}], params: [learning_rate]}
  more: {cmd: echo more, metrics: [{old.json: {cache: false}}]}
"""
    base = repo.commit({
        "dvc.yaml": first, "old.json": {"x": 1}, "gone.json": {"y": 2}, "params.yaml": "lr: 1\nsame: 1\n",
    })  # fmt: skip
    repo.git("rm", "-q", "gone.json")
    head = repo.commit({
        "dvc.yaml": second, "new.json": {"x": 1}, "old.json": {"x": 3}, "params.yaml": "learning_rate: 1\nsame: 1\n",
    })  # fmt: skip
    return base, head


def broken_files(repo: Repo) -> tuple[str, str]:
    """Metrics and params that cannot be read, beside ones that can."""
    pipeline = "metrics: [good.json, bad.json, bad.yaml, bad.toml, binary.json, twice.yaml, absent.json]\n"
    pipeline += "params: [bad.py, good.toml, latin.yaml]\n"
    base = repo.commit({
        "dvc.yaml": pipeline, "good.json": {"x": 1}, "bad.json": {"x": 1}, "bad.yaml": "x: 1\n", "bad.toml": "x = 1\n",
        "binary.json": {"x": 1}, "bad.py": "x = 1\n", "good.toml": "x = 1\n", "twice.yaml": "x: 1\n",
        "latin.yaml": "x: 1\n",
    })  # fmt: skip
    head = repo.commit({
        "good.json": {"x": 2}, "bad.json": '{"x": 1,\n', "bad.yaml": "x: [1\ny: 2\n", "bad.toml": "x = = 1\n",
        "binary.json": b"\x00\xff\xfe\x80", "bad.py": "x = (\n", "good.toml": "x = 2\n", "twice.yaml": "x: 1\nx: 2\n",
        "latin.yaml": "x: caf\xe9\n".encode("latin-1"),
    })  # fmt: skip
    return base, head


def ignored(repo: Repo) -> tuple[str, str]:
    """What .dvcignore hides, and another DVC project inside this one."""
    stage = "stages:\n  s:\n    cmd: echo\n    params: [lr]\n    metrics: [{m.json: {cache: false}}]\n"
    folders = ("seen", "hidden", "deep/hidden", "kept/hidden", "other")
    files = {f"{name}/{file}": text for name in folders
             for file, text in (("dvc.yaml", stage), ("params.yaml", "lr: 1\n"), ("m.json", '{"x": 1}'))}  # fmt: skip
    repo.init_dvc("other")
    base = repo.commit({**files, ".dvcignore": "# comment\nhidden/\n!/kept/hidden/\n", "seen/.dvcignore": "*.tmp\n"})
    head = repo.commit({name: text.replace("1", "2") for name, text in files.items() if not name.endswith("dvc.yaml")})
    return base, head


def from_nothing(repo: Repo) -> tuple[str, str]:
    """A base in which the project was not there yet."""
    base = repo.commit({"README.md": "hello"})
    head = repo.commit({
        "dvc.yaml": "stages:\n  t: {cmd: echo, params: [lr], metrics: [{m.json: {cache: false}}]}\n",
        "params.yaml": "lr: 1\n", "m.json": {"x": 1},
    })  # fmt: skip
    return base, head


def real_run(repo: Repo) -> tuple[str, str]:
    """A three-stage project that DVC reproduces, as tutorials have it, with plots and an artifact."""
    pipeline = """
stages:
  prepare:
    cmd: python prepare.py
    deps: [prepare.py, raw.txt]
    params: [prepare.rows]
    outs: [data]
  train:
    cmd: python train.py
    deps: [train.py, data]
    params: [train]
    outs: [model.txt]
    plots: [{loss.csv: {cache: false, x: step, y: loss}}]
  evaluate:
    cmd: python evaluate.py
    deps: [evaluate.py, model.txt, data]
    metrics: [{eval/metrics.json: {cache: false}}]
artifacts:
  model: {path: model.txt, type: model}
plots:
  - loss.csv: {x: step, y: loss, title: Loss}
"""
    read = "import ruamel.yaml; p = ruamel.yaml.YAML(typ='safe').load(open('params.yaml'))\n"
    prepare = "import os; os.makedirs('data', exist_ok=True)\nrows = open('raw.txt').read().split()\n"
    prepare += "for i in range(p['prepare']['rows']): open(f'data/{i}.txt', 'w').write(rows[i])\n"
    train = "open('model.txt', 'w').write(str(p['train']['lr']))\nopen('loss.csv', 'w').write('step,loss\\n1,0.5\\n')\n"
    evaluate = "import json, os; os.makedirs('eval', exist_ok=True)\n"
    evaluate += "found = {'n': len(os.listdir('data')), 'lr': float(open('model.txt').read())}\n"
    evaluate += "json.dump(found, open('eval/metrics.json', 'w'))\n"
    repo.write({
        "dvc.yaml": pipeline, "raw.txt": "a b c d e", "prepare.py": read + prepare, "train.py": read + train,
        "evaluate.py": evaluate, "params.yaml": "prepare: {rows: 3}\ntrain: {lr: 0.1}\n", ".gitignore": "__pycache__\n",
    })  # fmt: skip
    repo.dvc("repro", "-q")
    base = repo.commit()
    repo.write({"params.yaml": "prepare: {rows: 4}\ntrain: {lr: 0.05, depth: 2}\n"})
    repo.dvc("repro", "-q")
    return base, repo.commit()


def other_keys_of_the_same_file(repo: Repo) -> tuple[str, str]:
    """A stage takes other params from a file that stays as it is."""
    stage = "stages: {{a: {{cmd: x, params: [c.yaml: [{}]]}}}}\n"
    base = repo.commit({"dvc.yaml": stage.format("lr, old.x"), "c.yaml": "lr: 1\nold: {x: 2}\nnew: 3\n"})
    return base, repo.commit({"dvc.yaml": stage.format("lr, new")})


SCENARIOS: tuple[Scenario, ...] = (
    plain, nested_and_listed, not_numbers, yaml_traps, every_language, several_pipelines, templated,
    templated_stage_vars, cached, metric_directory, dvc_files, renamed_and_removed, broken_files, ignored, from_nothing,
    real_run, other_keys_of_the_same_file,
)  # fmt: skip
