"""The published figures of serving are those of its results.json."""

from benchmarks.serving import words
from benchmarks.serving.servers import SERVERS


def test_the_page_shows_the_results_file() -> None:
    text = words.PAGE.read_text()

    assert text == words.with_block(text, words.block(words.read())), "run `python -m benchmarks.serving --write`"


def test_the_results_have_every_server_and_name_no_machine() -> None:
    assert list(words.read().servers) == [each.name for each in SERVERS]
    assert "/" not in words.FILE.read_text()
