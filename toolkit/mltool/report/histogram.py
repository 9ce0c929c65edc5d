"""The distribution of a column in two versions, as a small SVG drawing: the base filled, the head as a line over it."""

from collections.abc import Iterable, Sequence
from html import escape

from mltool.report.data import Bars
from mltool.report.inert import clip, visible

WIDTH, HEIGHT, FOOT = 220, 86, 18
ROW, NAME, MOST_NAME = 20, 82, 12


def draw(bars: Bars, name: str) -> str:
    """Return the drawing; what it says stands in its title too."""
    return _labelled(bars, name) if bars.labels else _binned(bars, name)


def _binned(bars: Bars, name: str) -> str:
    top = max((*bars.base, *bars.head)) or 1.0
    across, up = WIDTH / len(bars.base), HEIGHT - FOOT - 4
    heights = [[HEIGHT - FOOT - up * share / top for share in side] for side in (bars.base, bars.head)]
    low, high = (f"{edge:.4g}".replace("-", "−") for edge in (bars.edges[0], bars.edges[-1]))
    floor = HEIGHT - FOOT
    return _svg(
        HEIGHT,
        f"{name}: {len(bars.base)} bins from {low} to {high}",
        (
            f'<path class="fill" d="{_steps(heights[0], across)}V{floor}H0Z"/>',
            f'<line class="grid" x1="0" x2="{WIDTH}" y1="{floor}" y2="{floor}"/>',
            f'<path class="head" d="{_steps(heights[1], across)}"/>',
            f'<text class="tick" x="0" y="{HEIGHT - 4}">{low}</text>',
            f'<text class="tick" x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{high}</text>',
        ),
    )


def _steps(heights: Sequence[float], across: float) -> str:
    return f"M0 {heights[0]:.1f}" + "".join(f"V{y:.1f}H{(i + 1) * across:.1f}" for i, y in enumerate(heights))


def _labelled(bars: Bars, name: str) -> str:
    top = max((*bars.base, *bars.head)) or 1.0
    rows = enumerate(zip(bars.labels, bars.base, bars.head, strict=False))
    drawn = (part for place, row in rows for part in _row(place, row, top))
    return _svg(ROW * len(bars.labels), f"{name}: {', '.join(bars.labels)}", drawn)


def _row(place: int, row: tuple[str, float, float], top: float) -> Iterable[str]:
    label, base, head = row
    y, room = place * ROW, WIDTH - NAME
    yield f"<g><title>{_text(f'{label}: {base:.1%} → {head:.1%}')}</title>"
    yield f'<text class="tick" x="{NAME - 7}" y="{y + 13}" text-anchor="end">{_text(clip(label, MOST_NAME))}</text>'
    yield f'<rect class="fill" x="{NAME}" y="{y + 3}" width="{room * base / top:.1f}" height="6" rx="1.5"/>'
    yield f'<rect class="bar" x="{NAME}" y="{y + 10}" width="{room * head / top:.1f}" height="6" rx="1.5"/></g>'


def _svg(height: int, title: str, parts: Iterable[str]) -> str:
    head = f'<svg class="histogram" viewBox="0 0 {WIDTH} {height}" role="img"><title>{_text(title)}</title>'
    return f"{head}{''.join(parts)}</svg>"


def _text(text: str) -> str:
    return escape(visible(text))
