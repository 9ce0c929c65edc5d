"""The score as a small SVG that needs no service: light and dark pages, screen readers, no script."""

from html import escape

from mltool.score.judge import Score

LEFT = "ML Test Score"
WIDE = 6.6
"""Pixels a character takes at 11 px, rounded up: fonts differ."""
COLORS = ((0.0, "#b3261e"), (1.0, "#9a4a00"), (2.0, "#7a5900"), (3.0, "#4d6600"), (7.0, "#1b6e2e"))
"""Up to which score which background; white text has a contrast of at least 4.5 on each (WCAG 2.2, 1.4.3)."""


def render(score: Score) -> str:
    """Return the badge."""
    right = f"{score.total:g} of 7"
    label = escape(f"{LEFT}: {right}, {score.meaning}")
    first, second = round(len(LEFT) * WIDE) + 12, round(len(right) * WIDE) + 12
    width = first + second
    color = next(color for most, color in COLORS if score.total <= most)
    text = 'text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" fill="#fff"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" viewBox="0 0 {width} 20" role="img" '
        f'aria-label="{label}"><title>{label}</title>'
        f'<rect width="{width}" height="20" rx="3" fill="#40464d"/>'
        f'<path d="M{first} 0h{second - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{first}z" fill="{color}"/>'
        f'<g aria-hidden="true" {text}><text x="{first / 2:g}" y="14">{LEFT}</text>'
        f'<text x="{first + second / 2:g}" y="14">{escape(right)}</text></g></svg>\n'
    )
