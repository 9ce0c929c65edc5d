"""One folder of templates → the files it makes from a context."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import jinja2
import msgspec

from mltool import config
from mltool.errors import UserError
from mltool.scaffold import header
from mltool.scaffold.model import File
from mltool.scaffold.pins import Pin, Style

MANIFEST = "template.toml"
PINS = "pins.toml"
SUFFIX = ".j2"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a template.

    `when` is a Jinja expression over the context; `unless` lists paths whose presence makes the file needless.
    """

    source: str
    destination: str
    when: str = ""
    why: str = ""
    once: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`template.toml`. `pin` is how the CI system writes a pinned version, `comment` how it starts a comment."""

    name: str
    kind: Literal["ci", "starter", "settings"]
    files: tuple[Entry, ...]
    pin: str = ""
    comment: str = "#"


@dataclass(frozen=True, kw_only=True)
class Template:
    """A folder of templates, read."""

    manifest: Manifest
    sources: Mapping[str, str]
    pins: Mapping[str, Pin] = field(default_factory=dict)

    @property
    def style(self) -> Style:
        """Return how pins are written."""
        return Style(format=self.manifest.pin)

    @cached_property
    def environment(self) -> jinja2.Environment:
        """Return a Jinja environment whose delimiters leave `${{ … }}` and shell braces alone."""
        environment = jinja2.Environment(
            loader=jinja2.DictLoader(self.sources),
            undefined=jinja2.StrictUndefined,
            variable_start_string="[[",
            variable_end_string="]]",
            block_start_string="[%",
            block_end_string="%]",
            comment_start_string="[#",
            comment_end_string="#]",
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - YAML and TOML, quoted by the filters below
        )
        environment.filters["yaml"] = environment.filters["toml"] = _quoted
        environment.filters["extra"] = _with_extra
        environment.filters["lines"] = lambda text: text.strip("\n")
        environment.globals["pin"] = lambda name: self.style.text(self.pins[name])
        return environment


def parse(folder: str, files: Mapping[str, bytes]) -> Template:
    """Return the template in `files` (paths relative to the folder, which errors name); raises UserError."""
    if MANIFEST not in files:
        raise UserError(f"The template {folder} has no {MANIFEST}.")
    try:
        manifest = msgspec.convert(config.toml(f"{folder}/{MANIFEST}", files[MANIFEST]), Manifest)
        pins = {
            name: msgspec.convert({"name": name, **pin}, Pin)
            for name, pin in config.toml(f"{folder}/{PINS}", files.get(PINS, b"")).items()
        }
    except msgspec.ValidationError as error:
        raise UserError(f"The template {folder}: {error}.") from error
    return Template(manifest=manifest, sources={path: data.decode() for path, data in files.items()}, pins=pins)


def render(
    template: Template, context: Mapping[str, Any], *, version: str, present: Collection[str] = ()
) -> tuple[File, ...]:
    """Return the files that the template makes of `context` where the paths in `present` exist already.

    A file that a CI template owns gets its header, with the mltool `version` that wrote it.
    """
    return tuple(
        File(
            path=entry.destination,
            content=_content(template, entry, context, version),
            why=entry.why,
            once=entry.once or template.manifest.kind != "ci",
        )
        for entry in template.manifest.files
        if _wanted(template, entry, context) and not any(path in present for path in entry.unless)
    )


def unwanted(template: Template, context: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths that the template owns and that `context` switches off."""
    return tuple(
        entry.destination
        for entry in template.manifest.files
        if not entry.once and not _wanted(template, entry, context)
    )


def _wanted(template: Template, entry: Entry, context: Mapping[str, Any]) -> bool:
    return not entry.when or bool(
        template.environment.compile_expression(entry.when, undefined_to_none=False)(**context)
    )


def _content(template: Template, entry: Entry, context: Mapping[str, Any], version: str) -> str:
    if not entry.source.endswith(SUFFIX):
        return template.sources[entry.source]
    body = template.environment.get_template(entry.source).render(context)
    if template.manifest.kind != "ci" or entry.once:
        return body
    return header.stamp(body, style=template.style, comment=template.manifest.comment, version=version)


def _quoted(value: str | tuple[str, ...] | float) -> str:
    """Return a value as YAML and TOML both read it: strings in JSON's quotes, so that 3.10 stays 3.10."""
    return json.dumps(value, ensure_ascii=False)


def _with_extra(requirement: str, extra: str) -> str:
    """Return a requirement (PEP 508) with one more extra; an address alone, which has no name, as it is."""
    found = re.match(r"([A-Za-z0-9][\w.-]*)(?:\s*\[([^\]]*)\])?(?![\w+./:]|\s*\[)", requirement.strip())
    if not found or found[1].endswith(".whl"):
        return requirement
    extras = [name for name in (found[2] or "").replace(" ", "").split(",") if name]
    return f"{found[1]}[{','.join(dict.fromkeys([*extras, extra]))}]{requirement.strip()[found.end() :]}"
