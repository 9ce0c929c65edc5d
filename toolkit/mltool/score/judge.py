"""Facts → the score: 28 answers, four sums, and the least of them."""

from dataclasses import dataclass
from typing import Final

from mltool.score import attested, rules
from mltool.score.facts import Evidence, Facts, Found, Section, Status
from mltool.score.items import ITEMS, SECTIONS, Item

POINTS: Final[dict[Status, float]] = {
    "met": 1.0, "by hand": 0.5, "attested": 0.5, "open": 0.0, "unseen": 0.0, "people": 0.0
}  # fmt: skip
MEANINGS: Final = (
    (0.0, "research rather than a system in production"),
    (1.0, "not untested, with serious holes"),
    (2.0, "a first round of what production needs"),
    (3.0, "reasonably tested; more could run by itself"),
    (5.0, "well tested and watched"),
    (7.0, "exceptional"),
)
"""Up to which score which words hold: table II of the paper, in ours."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one item: why, and what to do next."""

    item: Item
    status: Status
    evidence: tuple[Evidence, ...] = ()
    lacking: str = ""

    @property
    def points(self) -> float:
        """Return 1 where CI does it, 0.5 where it is there and nothing repeats it or people answer for it, else 0."""
        return POINTS[self.status]


@dataclass(frozen=True, kw_only=True)
class Score:
    """All answers, in the order of the paper."""

    answers: tuple[Answer, ...]

    @property
    def sections(self) -> dict[Section, float]:
        """Return the points of each section."""
        return {
            section: sum(answer.points for answer in self.answers if answer.item.section == section)
            for section in SECTIONS
        }

    @property
    def total(self) -> float:
        """Return the least of the sections: a system is as ready as its weakest part."""
        return min(self.sections.values())

    @property
    def meaning(self) -> str:
        """Return what the paper says of such a score."""
        return next(words for most, words in MEANINGS if self.total <= most)


def judge(facts: Facts) -> Score:
    """Return the score of a repository."""
    return Score(answers=tuple(_answer(item, facts) for item in ITEMS))


def _answer(item: Item, facts: Facts) -> Answer:
    rule = rules.RULES.get(item.id)
    found = rule(facts) if rule else Found()
    evidence = (*found.evidence, *rules.claimed(facts, item.id))
    if evidence:
        status: Status = "met" if any(each.repeated for each in evidence) else "by hand"
        return Answer(item=item, status=status, evidence=evidence)
    said = attested.found(facts, item.id)
    if said.evidence:
        return Answer(item=item, status="attested", evidence=said.evidence)
    if item.hidden:
        return Answer(item=item, status="unseen", lacking=said.lacking or item.hidden)
    return Answer(item=item, status="people" if item.people else "open", lacking=said.lacking or found.lacking)
