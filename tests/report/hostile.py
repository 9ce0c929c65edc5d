"""The same report twice: with plain words, and with the worst that a stranger could put in their place."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mltool.report.model import Report

# Fields whose values the types fix.
_FIXED = frozenset(
    {"outcome", "level", "trend", "direction", "kind", "state", "side", "schema", "answer", "result", "unit", "effect"}
)
ATTACKS = (
    "@everyone",
    "@org/team",
    "me@evil.example",
    "#1",
    "GH-12",
    "o/r#7",
    "deadbeefcafe",
    "o/r@4f2c91be07a3d5518c6e9b20f7714a85de3301c9",
    "https://evil.example/x",
    "www.evil.example",
    "mailto:x@evil.example",
    "![x](https://evil.example/pixel.png)",
    "[click](https://evil.example)",
    "[click][1]",
    "[1]: https://evil.example",
    "<https://evil.example>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table>",
    "</details>",
    "<!-- ",
    " -->",
    "]]>",
    "&lt;b&gt;&#64;all",
    '" onmouseover="alert(1)',
    "' style='x",
    "| a | b |",
    "\\| x \\\\|",
    "```",
    "`````\n# out\n",
    "~~~",
    "`code`",
    "``",
    "*bold* _it_ ~~gone~~",
    "# heading",
    "- item",
    "1. item",
    "1) item",
    "+ item",
    "> quote",
    "> [!WARNING]\n> x",
    "---",
    "===",
    "    indented",
    "- [ ] task",
    ":tada:",
    "$x^2$",
    "$$\\rm x$$",
    "[^1]",
    "\n\n\n@admin\n\n",
    "\r\n| - | - |\r\n",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07link",
    "\x00\x07\x08",
    "a\u202eb\u2066c",
    "a\u200bb\ufeffc\u00ad",
    "\U000e0041\U000e0042",
    "a" + "\u0301" * 40,
    "\ud83d",
    "\u2028x\u2029",
    '"]; click n0 "https://evil.example"',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "end\nsubgraph x",
    "]:::evil --> x",
    "{{ 7*7 }}{% raw %}",
    "${{ github.token }}",
    "::error::x",
    "日本語ですよ",
    "🏳️‍🌈 🇺🇳",
    "x" * 3000,
)


def pair(report: Report, seed: int) -> tuple[Report, Report]:
    """Return the report in plain words and in hostile ones, equal in everything but the words."""
    dice = random.Random(seed)
    document = msgspec.to_builtins(report)
    plain, worst = dict[str, str](), dict[str, str]()
    for text in _texts(document):
        plain.setdefault(text, f"x{len(plain)}")
        parts = dice.choices(ATTACKS, k=dice.randint(1, 3))
        worst.setdefault(text, f"{''.join(parts)} {len(worst)}")
    return _reworded(document, plain), _reworded(document, worst)


def _texts(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, key)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str) and value and name not in _FIXED:
        yield from value.split(":") if name == "metric" else (value,)


def _reworded(document: Any, words: dict[str, str]) -> Report:
    def speak(text: str, name: str) -> str:
        if name == "metric":
            return ":".join(words[part] for part in text.split(":")) if text else text
        return words[text] if text else text

    return msgspec.convert(_mapped(document, speak), Report)


def _mapped(value: Any, speak: Callable[[str, str], str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _mapped(item, speak, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, speak, name) for item in value]
    return speak(value, name) if isinstance(value, str) and name not in _FIXED else value
