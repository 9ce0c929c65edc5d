"""What releasing a commit would do, as data: what is made, what it replaces, what is missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mltool.gates.verdict import Outcome
from mltool.release import approval, blessing, evidence
from mltool.release.approval import Standing
from mltool.release.evidence import Proofs
from mltool.release.model import Destination, File, Manifest

# What only the finished bundle can show, so that a plan cannot lack it yet.
LATER = ("signature", "replay")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One version of a model and what stands between it and `environment`, the one that new versions go into.

    `commit` is its SHA, `why` says why it is this version. `standings` has one for each environment that the
    configuration knows. `blessed` is the judgement that the version was registered on, or would be.
    """

    manifest: Manifest
    digest: str
    commit: str
    environment: str
    why: str = ""
    registered: bool = False
    standings: tuple[Standing, ...] = ()
    blessed: blessing.Standing = field(default_factory=blessing.Standing)

    @property
    def outcome(self) -> Outcome:
        """Return how the version was judged: by its blessing; without one, by the values in the manifest. One whose
        blessing is not to be relied on fails.
        """
        if self.blessed.objection:
            return Outcome.FAIL
        return self.blessed.blessing.outcome if self.blessed.blessing else self.manifest.outcome

    @property
    def destination(self) -> Destination | None:
        """Return where the version goes into; None where the configuration has no such environment."""
        found = (place for place in self.manifest.destinations if place.environment == self.environment)
        return next(found, None)


def steps(plan: Plan) -> tuple[str, ...]:
    """Return what is to be done, in order, each as a sentence; what is done already is left out."""
    return tuple(_steps(plan))


def missing(standings: Iterable[Standing]) -> tuple[str, ...]:
    """Return each sentence about what is missing once."""
    return tuple(dict.fromkeys(sentence for standing in standings for sentence in standing.missing))


def foreseen(manifest: Manifest, environment: str) -> tuple[str, ...]:
    """Return what would be missing before an environment if nobody had said anything yet, by this commit's own rule."""
    place = next((place for place in manifest.destinations if place.environment == environment), None)
    if place is None:
        return (f"mltool.toml has no [environments.{environment}], so it would be published and go nowhere.",)
    asked = [kind for kind in place.approvals.evidence if kind not in LATER]
    judged = approval.judge(place.approvals, (), environment=environment, digest="", authors=(), now=0)
    return (*evidence.missing(asked, manifest, Proofs()), *judged.missing)


def carried(manifest: Manifest) -> tuple[File, ...]:
    """Return the files of the project that go into the bundle, without those of the server."""
    return tuple(file for file in manifest.files if file.role != "server")


def _steps(plan: Plan) -> Iterator[str]:
    release = plan.manifest
    if not plan.registered:
        yield f"Register {release.model} v{release.version} at {plan.commit[:7]}, with the digest below."
    count = len(release.files) + len(release.generated)
    yield f"Make a bundle of {count} files and their checksums, replay its golden predictions, and publish it."
    for place in release.destinations:
        how = f" ({place.target})" if place.environment != place.target else ""
        if place.environment == plan.environment:
            yield f"Put it into {place.environment}{how}{_instead(place, release.version)}."
        elif place.replaces and place.replaces != release.version:
            yield f"{place.environment}{how} keeps v{place.replaces}, until `mltool promote`."
    if plan.destination is None:
        yield f"mltool.toml has no [environments.{plan.environment}], so it goes nowhere by itself."


def _instead(place: Destination, version: str) -> str:
    if place.replaces == version:
        return ", where it is already"
    return f" instead of v{place.replaces}" if place.replaces else ", where nothing of it is yet"
