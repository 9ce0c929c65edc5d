"""The HTML report in a real browser: from disk, without a network, light and dark, phone and paper."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mltool.report import html
from mltool.report.page import page
from report.hostile import pair
from report.samples import SAMPLES, examined, live, metric, regression, shown

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("CI") != "true", reason="needs Chromium: apt-get install chromium"
    ),
]
REPORTS = {
    **{name: SAMPLES[name] for name in ("regression", "broken", "many", "empty", "tested")},
    "hostile": lambda: pair(regression(), 3)[1],
    "hostile data": lambda: pair(examined(), 3)[1],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def opened(browser: Browser, path: Path, *, width: int = 1280, dark: bool = False) -> tuple[Page, list[str]]:
    """Open a file, and return its page with everything that went wrong or left the file."""
    wrong: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
    )
    tab = context.new_page()
    tab.on("console", lambda message: wrong.append(f"console: {message.text}"))
    tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    tab.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    tab.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
    tab.goto(path.as_uri())
    return tab, wrong


@pytest.fixture(params=sorted(REPORTS))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    file.write_text(html.render(page(REPORTS[request.param]())))
    return file


def test_it_opens_from_disk_asks_nobody_and_fits_every_width(browser: Browser, path: Path) -> None:
    for width in (320, 375, 768, 1280):
        tab, wrong = opened(browser, path, width=width)
        tab.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert wrong == []
        assert tab.locator("h1").is_visible()
        tab.context.close()


def test_on_a_desk_the_verdict_column_is_not_past_the_edge(browser: Browser, tmp_path: Path) -> None:
    row = metric("jaccard_coeff", 0.8561, 0.7849, live=0.8561, path="training/metrics.json")
    worse = replace(shown("jaccard_coeff", 0.8561, 0.7849), metric="training/metrics.json:jaccard_coeff")
    other = metric("dice_mean", 0.9043, 0.7717, live=0.9043, path="evaluation/metrics.json")
    found = replace(live(), metrics=(row, other), verdicts=(worse,))
    file = tmp_path / "report.html"
    file.write_text(html.render(page(found)))
    tab, _ = opened(browser, file, width=1100)
    table = "document.querySelector('.metrics .scroll')"
    assert tab.evaluate(f"{table}.scrollWidth") <= tab.evaluate(f"{table}.clientWidth")
    tab.context.close()


def test_it_is_dark_where_the_reader_wants_dark(browser: Browser, path: Path) -> None:
    for dark in (False, True):
        tab, _ = opened(browser, path, dark=dark)
        ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        shades = [int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(",")]
        assert (max(shades) < 60) is dark
        tab.context.close()


def test_it_prints_with_every_fold_open(browser: Browser, path: Path) -> None:
    tab, _ = opened(browser, path)
    assert tab.pdf().startswith(b"%PDF")
    tab.emulate_media(media="print")
    # A frame later: what is on the page is laid out anew for another medium, and not at once.
    tab.wait_for_function(
        "[...document.querySelectorAll('details .body')].every(found => found.checkVisibility("
        "{contentVisibilityAuto: true}))"
    )
    tab.context.close()


CONTRAST = """
() => {
  const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = colour => colour.map(linear).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const rgb = text => {
    const parts = text.match(/[\\d.]+/g).map(Number);  // a mixed colour is written in 0…1
    return text.startsWith('color(') ? parts.slice(0, 3) : parts.slice(0, 3).map(v => v / 255);
  };
  const clear = text => /rgba\\(.*, 0\\)/.test(text);
  const ground = found => {
    while (found && clear(getComputedStyle(found).backgroundColor)) found = found.parentElement;
    return rgb(getComputedStyle(found ?? document.body).backgroundColor);
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
  const poor = [];
  for (const found of document.querySelectorAll('h1, h2, p, td, th, li, dt, dd, .summary, figcaption, a')) {
    const got = ratio(rgb(getComputedStyle(found).color), ground(found));
    if (got < 4.5) poor.push(`${found.className || found.tagName} ${got.toFixed(2)}`);
  }
  for (const found of document.querySelectorAll('svg path.head, svg path.base')) {
    const got = ratio(rgb(getComputedStyle(found).stroke), ground(found.closest('figure, details')));
    if (got < 3) poor.push(`line ${got.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("dark", [False, True])
def test_words_and_lines_stand_out_from_their_ground(browser: Browser, path: Path, dark: bool) -> None:  # noqa: FBT001
    tab, _ = opened(browser, path, dark=dark)
    assert tab.evaluate(CONTRAST) == []
    tab.context.close()
