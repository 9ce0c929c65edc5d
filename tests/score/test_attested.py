"""What people attest counts half, for a time, with evidence; anything else is refused with a sentence."""

from collections.abc import Callable
from datetime import date

import pytest

from mltool.commands.score import measure, words
from mltool.errors import UserError
from mltool.score.judge import Answer
from support import released
from support.repos import Repo

LINE = {
    "item": "model.2",
    "who": "Ada",
    "when": date(2026, 1, 10),
    "until": date(2026, 6, 30),
    "evidence": "docs/trial.md",
    "says": "They moved together.",
}
Attest = Callable[..., Repo]


@pytest.fixture
def attest(repo: Repo) -> Attest:
    """Return a function that writes an attestation into a project; None leaves a key out."""
    repo.commit({"dvc.yaml": released.PIPELINE, "docs/trial.md": "What we saw.", "mltool.toml": ""})

    def write(**changes: object) -> Repo:
        found = {**LINE, **changes}
        lines = (f"{key} = {value if isinstance(value, date) else repr(value)}\n" for key, value in found.items())
        repo.write({"mltool.toml": "[[attested]]\n" + "".join(lines)})
        return repo

    return write


def answer(repo: Repo, today: date, item: str = "model.2") -> Answer:
    return next(found for found in measure(repo.folder, today=today).answers if found.item.id == item)


@pytest.mark.parametrize("today", [LINE["when"], LINE["until"]], ids=["first day", "last day"])
def test_it_counts_half_and_says_who_until_when_and_where_to_read(attest: Attest, today: date) -> None:
    found = answer(attest(), today)
    assert (found.status, found.points) == ("attested", 0.5)
    (evidence,) = found.evidence
    assert evidence.says == "Ada attested it on 2026-01-10, until 2026-06-30: They moved together (docs/trial.md)"


def test_after_its_last_day_it_counts_nothing_and_says_so(attest: Attest) -> None:
    repo = attest()
    found = answer(repo, date(2026, 7, 1))
    assert (found.status, found.points, found.evidence) == ("unseen", 0, ())
    said = " ".join(words(measure(repo.folder, today=date(2026, 7, 1)), width=200).split())
    assert "what Ada attested held until 2026-06-30, and counts no more (docs/trial.md)" in said
    assert "not seen here: what Ada" not in said


def test_before_its_first_day_it_counts_nothing(attest: Attest) -> None:
    assert answer(attest(), date(2026, 1, 9)).points == 0


def test_an_item_for_people_can_be_attested_by_an_address(attest: Attest) -> None:
    repo = attest(item="data.5", evidence="https://example.org/dpia")
    assert answer(repo, date(2026, 2, 1), "data.5").status == "attested"


def test_what_the_repository_shows_is_shown_instead(attest: Attest) -> None:
    repo = attest(item="infra.4")
    settings = repo.folder / "mltool.toml"
    settings.write_text(settings.read_text() + '\n[gates.accuracy]\nmetric = "metrics.json:accuracy"\nfloor = 0.5\n')
    found = answer(repo, date(2026, 2, 1), "infra.4")
    assert (found.status, found.evidence[0].says) == ("by hand", "gates: accuracy")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"item": "model.22"}, r"names the item `model\.22`, and there is none\. Did you mean `model\.2`\?"),
        ({"who": " "}, "says not who answers for it"),
        ({"until": date(2027, 1, 12)}, "holds from 2026-01-10 until 2027-01-12. Let it hold for at most 366 days"),
        ({"until": date(2026, 1, 9)}, "holds from 2026-01-10 until 2026-01-09"),
        ({"evidence": "docs/none.md"}, "has the evidence `docs/none.md`, which nobody can read"),
        ({"evidence": "http://example.org"}, "which nobody can read"),
        ({"points": 1}, "points"),
    ],
)
def test_what_cannot_count_is_one_sentence(attest: Attest, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        measure(attest(**changes).folder, today=date(2026, 2, 1))
