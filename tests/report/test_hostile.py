"""What a stranger writes into a report is shown and does nothing."""

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mltool.report import escape, html, inert, json, markdown, plots, terminal
from mltool.report.model import Report
from mltool.report.page import Links, page
from report.hostile import ATTACKS, pair
from report.samples import SAMPLES, broken, examined, regression

SEEDS = range(12)
Sample = Callable[[], Report]
LINKS = Links(commit="https://github.com/o/r/commit/", run="https://github.com/o/r/actions/runs/1")
OURS = re.compile(r"</?(details|b|code|sub)>|<details><summary><b>|<summary>|</summary>|</b>", re.IGNORECASE)
# What GitHub turns into links, mentions and references in finished text outside of code and links.
ALIVE = re.compile(r"@\w|#\d|\bGH-\d|://|\bwww\.|\bmailto:|(?<![0-9a-f])[0-9a-f]{7,}|:[\w+-]+:", re.IGNORECASE)

INLINE = {"text", "code_inline", "html_inline", "link_open", "link_close", "softbreak", "hardbreak"}


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def blocks(text: str) -> Counter[str]:
    return Counter(token.type for token in parsed(text))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sample", [regression, broken, examined])
def test_hostile_words_make_the_same_blocks_as_plain_ones(sample: Sample, seed: int) -> None:
    plain, worst = pair(sample(), seed)
    assert blocks(markdown.render(page(worst), limit=10**7)) == blocks(markdown.render(page(plain), limit=10**7))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sample", [regression, examined])
def test_hostile_words_become_no_link_image_tag_mention_or_reference(sample: Sample, seed: int) -> None:
    _, worst = pair(sample(), seed)
    text = markdown.render(page(worst, links=LINKS), limit=10**7)
    for token in parsed(text):
        if token.type == "html_block":
            assert OURS.sub("", token.content).count("<") == 0, token.content
            assert not ALIVE.search(shown(token.content)), token.content
        for index, child in enumerate(token.children or ()):
            assert child.type in INLINE, child
            if child.type == "link_open":
                assert str(child.attrs["href"]).startswith("https://github.com/o/r/")
            if child.type == "html_inline":
                assert OURS.fullmatch(child.content), child.content
            if child.type == "text" and not inside_code(token.children or [], index):
                assert not ALIVE.search(child.content), child.content


def inside_code(children: list[Token], index: int) -> bool:
    """Return whether `<code>` is open: GitHub links nothing in it."""
    tags = [child.content for child in children[:index] if child.type == "html_inline"]
    return tags.count("<code>") > tags.count("</code>")


def shown(content: str) -> str:
    return MarkdownIt("commonmark").render(re.sub(r"<[^>]*>", "", content)).replace("http://commonmark", "")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sample", [regression, examined])
def test_hostile_words_leave_nothing_invisible_in_any_form(sample: Sample, seed: int) -> None:
    _, worst = pair(sample(), seed)
    found = page(worst)
    for text in (markdown.render(found), html.render(found), terminal.render(found, width=90, color=False)):
        assert not [letter for letter in text if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Cs")]
        text.encode()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sample", [regression, examined])
def test_hostile_words_make_the_same_html_elements_as_plain_ones(sample: Sample, seed: int) -> None:
    plain, worst = pair(sample(), seed)
    elements, attributes = tags(html.render(page(worst, links=LINKS)))
    assert elements == tags(html.render(page(plain, links=LINKS)))[0]
    assert not [name for name, _ in attributes if name.startswith("on")]
    assert all(value.startswith("https://github.com/o/r/") for name, value in attributes if name == "href")
    assert not {"src", "srcdoc", "action", "formaction"} & {name for name, _ in attributes}


def tags(text: str) -> tuple[Counter[str], list[tuple[str, str]]]:
    elements: Counter[str] = Counter()
    attributes: list[tuple[str, str]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in ("code", "strong"):  # what a sentence quotes in backticks
                elements[tag] += 1
            attributes.extend((name, value or "") for name, value in attrs)

    Reader().feed(text)
    return elements, attributes


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_alone_is_one_paragraph_that_reads_as_it_was_written(attack: str) -> None:
    for before in ("", "¶\\\n"):
        tokens = parsed(before + markdown.opening((attack,)))
        assert [token.type for token in tokens] == (["paragraph_open", "inline", "paragraph_close"] if tokens else [])
        read = "".join(child.content for token in tokens for child in token.children or ())
        assert {child.type for token in tokens for child in token.children or ()} <= {"text", "hardbreak"}
        wanted = inert.clip(inert.visible(attack), escape.MOST_TEXT).strip()
        assert read.replace("\u200b", "").removeprefix("¶").strip() == wanted


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_holds_no_dollar_that_could_open_a_formula(attack: str) -> None:
    assert "$" not in escape.escape(attack)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_mermaid_label_holds_only_letters_digits_and_harmless_marks(attack: str) -> None:
    text = re.sub(r"#\d+;", "", plots.label(attack))
    assert all(letter.isalnum() or letter in " _./-,…" for letter in text)


def test_a_link_is_drawn_only_to_an_http_address_that_cannot_break_out() -> None:
    report = regression()
    wicked = Links(commit="javascript:alert(1)//", run="https://evil.example/) ![x](y", full="data:text/html,x")
    text = markdown.render(page(report, links=wicked))
    assert not [child for token in parsed(text) for child in token.children or () if child.type == "link_open"]
    assert "href=" not in html.render(page(report, links=wicked))


@pytest.mark.parametrize("limit", [0, 40, 1_000, 5_000, 20_000, 60_000])
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_markdown_never_exceeds_its_limit_in_bytes(name: str, limit: int) -> None:
    assert len(markdown.render(page(SAMPLES[name]()), limit=limit).encode()) <= limit


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_reports_survive_json_or_are_refused_in_one_sentence(seed: int) -> None:
    _, worst = pair(regression(), seed)
    read = json.loads(json.dumps(worst))
    assert len(markdown.render(page(read)).encode()) <= markdown.LIMIT


EXTREMES = (0, -1, 1e308, -1e308, 5e-324, 1e-300, 1e15, 0.1 + 0.2, 2**63, 10**400)


@pytest.mark.parametrize("seed", range(40))
def test_no_number_however_odd_breaks_a_form(seed: int) -> None:
    dice = random.Random(seed)

    def odd(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: odd(item, key) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [odd(item, name) for item in value]
        if isinstance(value, bool) or not isinstance(value, int | float) or dice.random() < 0.4:
            return value
        # Only metrics and params may hold integers that no float can.
        whole = name in ("behind", "rows", "line", "size", "files", "added", "removed", "modified")
        known = EXTREMES if name in ("old", "new") else EXTREMES[:-1]
        return abs(int(value)) if whole else dice.choice(known)

    document = odd(msgspec.to_builtins(dice.choice([regression, SAMPLES["odd"], SAMPLES["live"]])()))
    found = page(msgspec.convert(document, Report))
    assert markdown.render(found)
    assert html.render(found)
    assert "nan" not in html.render(found).partition("</style>")[2]
    assert terminal.render(found, width=80, color=True)
