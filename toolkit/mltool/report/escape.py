"""Text from strangers → Markdown that shows it and does nothing else."""

import re

from mltool.report.inert import clip, visible

MOST_TEXT = 600
MOST_CODE = 160

# As entities these are text wherever they stand: no emphasis, link, image, tag, cell or fence can begin with one.
_MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*[]<>&|~$"}
# Between letters an underscore means nothing to GitHub, and names are full of them.
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
# GitHub looks for these in the finished text, after Markdown: a zero-width space between breaks them.
_BREAK = "\u200b"
_LINKED = (
    (re.compile("([@#])"), rf"\1{_BREAK}"),
    (re.compile(r"\b(GH)-", re.IGNORECASE), rf"\1{_BREAK}-"),
    (re.compile("://"), f":{_BREAK}//"),
    (re.compile(r"\b(www)\.", re.IGNORECASE), rf"\1{_BREAK}."),
    (re.compile(r"\b(mailto|xmpp):", re.IGNORECASE), rf"\1{_BREAK}:"),
    (re.compile(r":(?=[\w+-]+:)"), f":{_BREAK}"),
    # Seven hexadecimal digits may name a commit.
    (re.compile(r"([0-9a-f]{6})(?=[0-9a-f])", re.IGNORECASE), rf"\1{_BREAK}"),
)
_LIST_MARK = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))([.)]?)(?=[-=\s]|$)")


def escape(text: str) -> str:
    """Return text that is shown as it is: no markup, mention, reference, address or emoji code is left in it."""
    shown = clip(visible(text), MOST_TEXT)
    for pattern, broken in _LINKED:
        shown = pattern.sub(broken, shown)
    return _UNDERSCORE.sub("&#95;", shown.translate(_MARKUP)).replace(_BREAK, "&#8203;")


def code(text: str) -> str:
    """Return text as code, in which GitHub links nothing."""
    shown = clip(visible(text), MOST_CODE).strip()
    if not shown:
        return "<code> </code>"
    if re.search(r"[`|\\]", shown):
        return f"<code>{escape(shown)}</code>"
    return f"`{shown}`"


def fenced(text: str) -> str:
    """Return text in a code fence that it cannot close."""
    lines = [visible(row) for row in text.splitlines()]
    longest = max((len(run) for row in lines for run in re.findall("`+", row)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def unlisted(text: str) -> str:
    """Return Markdown that, at the start of a line, begins no list, rule, heading or block of code."""
    return _LIST_MARK.sub(lambda found: f"{found[1]}{_as_text(found[2])}{_as_text(found[3])}", text.lstrip())


def reachable(url: str) -> bool:
    """Return whether a link may lead there: http(s) without a character that could end the link."""
    return re.fullmatch(r"https?://[!-~]+", url) is not None


def address(url: str) -> str:
    """Return the address with everything that means something to Markdown as a percent code."""
    return re.sub(r"[()<>\[\]\\\"'`|*_]", lambda found: f"%{ord(found[0]):02X}", url)


def _as_text(mark: str) -> str:
    return mark if mark.isdigit() else "".join(f"&#{ord(letter)};" for letter in mark)
