"""The notes of a release say what it is, and nothing that a name or a sentence carries does anything."""

import re

from mltool.gates.bound import Bound
from mltool.gates.verdict import Outcome, Verdict
from mltool.release.blessing import Blessing, Judged
from mltool.release.model import File, Manifest, Metric
from mltool.report import notes

EVIL = "x](https://evil.example) @everyone <img src=x onerror=1> ``` | **b** ~~s~~ #1\n\n# Heading\n"
DIGEST = "sha256:" + "a" * 64
RELEASE = Manifest(
    model="delay",
    version="1.3.0",
    tree="t",
    base="1.2.0",
    outcome=Outcome.PASS,
    metrics=(Metric(path="metrics.json", key="accuracy", value=0.84, base=0.835),),
    card={"owner": "ops@example.org", "limits": ""},
    files=(File(path="model/model.skops", role="model", source="m", sha256="b" * 64),),
)


def test_the_notes_of_a_release_read_well() -> None:
    assert notes.title(RELEASE) == "delay 1.3.0"
    assert notes.render(RELEASE, digest=DIGEST, bundle="delay-1.3.0.tar") == (
        "`delay` `1.3.0`, compared with `1.2.0`. The gates pass.\n\n"
        "| Metric | 1.2.0 | 1.3.0 |\n| --- | ---: | ---: |\n| `accuracy` | 0.8350 | 0.8400 |\n\n"
        "- **Owner:** ops@&#8203;example.org\n\n"
        f"- Release: `{DIGEST}`\n"
        "- Check what you downloaded: `mltool verify delay-1.3.0.tar`\n"
        f"- model: `model/model.skops`, SHA-256 `{'b' * 64}`\n"
    )


def test_hostile_text_is_shown_and_does_nothing() -> None:
    verdict = Verdict(gate=EVIL, metric=EVIL, outcome=Outcome.FAIL, level="warn", sentence=EVIL)
    metric = Metric(path=EVIL, key=EVIL, value=EVIL, base=EVIL)
    hostile = Manifest(
        model=EVIL, version=EVIL, base=EVIL, tree=EVIL, metrics=(metric,), verdicts=(verdict,), card={EVIL: EVIL},
        files=(File(path=EVIL, role="model", source=EVIL, sha256=EVIL),),
    )  # fmt: skip
    text = notes.render(hostile, digest=EVIL, bundle=EVIL)
    for mark in ("](http", "https://", "@everyone", "<img", "```", "\n# ", "~~", "**b**"):
        assert mark not in text
    assert re.search(r"^#", text, re.MULTILINE) is None


def test_thousands_of_metrics_and_verdicts_stay_below_what_github_takes() -> None:
    many = Manifest(
        model="m" * 500,
        version="1.0.0",
        tree="t",
        metrics=tuple(Metric(path="m", key=f"k{at}" * 200, value=at, base=None) for at in range(3000)),
        verdicts=tuple(
            Verdict(gate="g", metric="m", outcome=Outcome.FAIL, level="fail", sentence="long " * 2000)
            for _ in range(3000)
        ),
        card=dict.fromkeys(("owner", "limits", "license", "intended_use"), "word " * 5000),
    )
    text = notes.render(many, digest=DIGEST, bundle="m.tar")
    assert len(text) < 125_000
    assert text.count("… and 2970 more in `release.json`.") == 2


def test_the_judgement_that_a_version_was_registered_on_is_told_with_what_was_accepted() -> None:
    judged = (
        Judged(gate="a", outcome=Outcome.PASS, low=-0.01, high=0.01, sentence="accuracy is not worse: an interval."),
        Judged(
            gate="a", slice="carrier=B6", outcome=Outcome.PASS, accepted="until …", sentence="recall fell. Accepted."
        ),
        Judged(gate="card", outcome=Outcome.PASS, sentence="The card names an owner."),
    )
    blessing = Blessing(outcome=Outcome.PASS, bound=Bound(code="t"), gates=judged)
    text = notes.render(RELEASE, digest=DIGEST, bundle="delay-1.3.0.tar", blessing=blessing)
    assert "- pass: accuracy is not worse: an interval.\n- accepted: recall fell. Accepted.\n\n| Metric" in text


def test_a_pickle_is_said_aloud() -> None:
    assert "may hold a pickle" in notes.render(
        Manifest(model="m", version="1.0.0", tree="t", pickle=True), digest=DIGEST, bundle="m.tar"
    )
