"""What a test file tests, read as text: it is never run."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CHECK = "mltool.testing.check"
MARK = "ml_test_score"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Tested:
    """One file: the modules that it imports, and by test which of our checks it calls, which fixtures it takes and
    which items it is marked with.
    """

    path: str
    imports: frozenset[str] = frozenset()
    checks: Mapping[str, tuple[str, ...]]
    fixtures: Mapping[str, tuple[str, ...]]
    marks: Mapping[str, tuple[str, ...]]


def read(path: str, source: bytes) -> Tested | None:
    """Return what the file tests; None for one that is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    tests = {test.name: test for test in _tests(tree)}
    imported = dict(_imports(tree))
    return Tested(
        path=path,
        imports=frozenset(imported.values()),
        checks={name: tuple(_checks(test, imported)) for name, test in tests.items()},
        fixtures={name: tuple(each.arg for each in test.args.args) for name, test in tests.items()},
        marks={name: tuple(_marks(test)) for name, test in tests.items()},
    )


def _tests(tree: ast.Module) -> Iterator[Function]:
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test") else [node]
        for each in inside:
            if isinstance(each, Function) and each.name.startswith("test"):
                yield each


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each imported name with what it stands for, in full."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield f"from {node.module}", node.module
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _checks(test: Function, imported: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(test):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            first, dot, rest = called.partition(".")
            full = f"{imported.get(first, first)}{dot}{rest}"
            if full.startswith(f"{CHECK}."):
                yield full.removeprefix(f"{CHECK}.")


def _marks(test: Function) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) in (f"pytest.mark.{MARK}", f"mark.{MARK}"):
            for value in mark.args:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value
