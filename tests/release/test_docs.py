"""The page about releases lists the manifest as it is."""

import re
from dataclasses import fields
from pathlib import Path

from mltool.release.model import Manifest

PAGE = Path(__file__).parents[2] / "docs" / "release.md"


def test_the_page_explains_every_field_of_the_manifest_and_no_other() -> None:
    table = PAGE.read_text().partition("## What is in release.json")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(
        field.name for field in fields(Manifest)
    )
