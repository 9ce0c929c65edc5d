"""What a deployment may do, decided from the ledger alone."""

from dataclasses import replace

import pytest

from mltool.errors import RefusedError, UserError
from mltool.registry import ledger
from mltool.registry.model import Event, ModelState, TagObject
from mltool.release import deploy


def history(*lines: str) -> ModelState:
    """Return a model whose ledger reads like this: `promote 1.0.0`, `deploy 1.0.0 live`, …, all about prod."""
    events = []
    for number, line in enumerate(lines, start=1):
        kind, version, *outcome = line.split()
        tag = TagObject(name=f"tag{number}", object=f"object{number}", commit=f"commit of {version}", annotated=True)
        about = Event(
            kind=kind, model="delay", tag=tag, version=version, stage="prod", sequence=number,  # type: ignore[arg-type]
            manifest=f"sha256:{version}", actor="Ada", reason="because", chained=True,
        )  # fmt: skip
        events.append(replace(about, outcome=outcome[0]) if outcome else about)  # type: ignore[arg-type]
    return ledger.state("delay", tuple(events), head=f"object{len(events)}")


REGISTERED = ("register 1.0.0", "register 1.1.0", "register 1.2.0")


def test_the_newest_promotion_is_carried_out() -> None:
    plan = deploy.deploy(history(*REGISTERED, "promote 1.0.0", "deploy 1.0.0 live", "promote 1.1.0"), "prod")

    assert (plan.version, plan.digest, plan.intent) == ("1.1.0", "sha256:1.1.0", "object6")
    assert plan.back is not None
    assert plan.back.version == "1.0.0"
    assert deploy.begins(plan) == ()
    assert [(event.kind, event.outcome, event.commit) for event in deploy.ends(plan)] == [
        ("deploy", "live", "commit of 1.1.0")
    ]


def test_a_named_version_is_promoted_first() -> None:
    plan = deploy.deploy(history(*REGISTERED, "promote 1.0.0"), "prod", version="v1.1.0", reason="better")

    (event,) = deploy.begins(plan)
    assert (event.kind, event.version, event.stage, event.manifest, event.reason) == (
        "promote", "1.1.0", "prod", "sha256:1.1.0", "better",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "version", "error", "said"),
    [
        ((), "", UserError, r"Nothing of delay was promoted into prod"),
        (("promote 1.0.0", "demote 1.0.0"), "", UserError, r"Nothing of delay was promoted into prod"),
        ((), "9.9.9", UserError, r"delay has no registered version 9\.9\.9"),
        (("promote 1.0.0", "deregister 1.0.0"), "", UserError, r"delay has no registered version 1\.0\.0"),
        (("hold 1.1.0",), "1.1.0", RefusedError, r"delay 1\.1\.0 is on hold, by Ada: because"),
        (("promote 1.1.0", "deploy 1.1.0 live"), "1.0.0", RefusedError, r"prod runs 1\.1\.0, and 1\.0\.0 is older"),
        (("promote 1.1.0", "deploy 1.1.0 live", "promote 1.0.0"), "", RefusedError, r"does not go back"),
    ],
)
def test_what_may_not_be_deployed(lines: tuple[str, ...], version: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        deploy.deploy(history(*REGISTERED, *lines), "prod", version=version)


def test_a_rollback_in_the_ledger_may_go_back() -> None:
    state = history(*REGISTERED, "promote 1.0.0", "deploy 1.0.0 live", "promote 1.1.0", "deploy 1.1.0 live",
                    "rollback 1.0.0", "hold 1.1.0")  # fmt: skip
    assert deploy.deploy(state, "prod").version == "1.0.0"


def test_what_the_ledger_asked_for_meanwhile_is_seen() -> None:
    before = history(*REGISTERED, "promote 1.0.0")
    plan = deploy.deploy(before, "prod")

    deploy.unchanged(before, plan)
    for later, said in (("promote 1.1.0", "asks for something else in prod: promote of 1.1.0 by Ada"),
                        ("demote 1.0.0", "asks for something else"), ("hold 1.0.0", "is on hold")):  # fmt: skip
        with pytest.raises(RefusedError, match=said):
            deploy.unchanged(history(*REGISTERED, "promote 1.0.0", later), plan)


def test_a_failure_goes_back_in_the_ledger_only_where_it_did_in_the_world() -> None:
    plan = deploy.deploy(history(*REGISTERED, "promote 1.0.0", "deploy 1.0.0 live", "promote 1.1.0"), "prod")

    def told(**how: bool) -> list[tuple[str, str]]:
        return [(event.kind, event.version) for event in deploy.failed(plan, why="wrong", **how)]

    assert told(gone_back=True) == [("deploy", "1.1.0"), ("rollback", "1.0.0"), ("hold", "1.1.0")]
    assert told(gone_back=False) == [("deploy", "1.1.0"), ("hold", "1.1.0")]
    assert told(gone_back=True, hold=False) == [("deploy", "1.1.0"), ("rollback", "1.0.0")]


def test_a_first_version_that_fails_leaves_nothing_behind() -> None:
    plan = deploy.deploy(history(*REGISTERED, "promote 1.0.0"), "prod")

    assert [event.kind for event in deploy.failed(plan, why="wrong", gone_back=True)] == ["deploy", "demote", "hold"]


LIVE = (*REGISTERED, "promote 1.0.0", "deploy 1.0.0 live", "promote 1.1.0", "deploy 1.1.0 live",
        "promote 1.2.0", "deploy 1.2.0 live")  # fmt: skip


@pytest.mark.parametrize(
    ("later", "to", "version", "bad"),
    [
        ((), "previous-good", "1.1.0", "1.2.0"),
        (("hold 1.1.0",), "previous-good", "1.0.0", "1.2.0"),
        (("hold 1.1.0", "unhold 1.1.0"), "previous-good", "1.1.0", "1.2.0"),
        (("deregister 1.1.0",), "previous-good", "1.0.0", "1.2.0"),
        (("rollback 1.1.0", "hold 1.2.0", "deploy 1.1.0 live"), "previous-good", "1.0.0", "1.1.0"),
        ((), "v1.0.0", "1.0.0", "1.2.0"),
    ],
)
def test_what_a_rollback_goes_back_to(later: tuple[str, ...], to: str, version: str, bad: str) -> None:
    plan = deploy.rollback(history(*LIVE, *later), "prod", to=to, reason="worse")

    assert plan.version == version
    assert [(event.kind, event.version, event.stage) for event in deploy.begins(plan)] == [
        ("rollback", version, "prod"), ("hold", bad, ""),
    ]  # fmt: skip
    assert [event.kind for event in deploy.failed(plan, why="wrong", gone_back=False)] == ["deploy"]


def test_of_two_rollbacks_at_a_time_the_second_is_refused() -> None:
    plan = deploy.rollback(history(*LIVE), "prod", to="previous-good", reason="worse")

    with pytest.raises(RefusedError, match=r"asks for something else in prod: rollback of 1\.1\.0 by Ada"):
        deploy.unchanged(history(*LIVE, "rollback 1.1.0", "hold 1.2.0"), plan)


@pytest.mark.parametrize(
    ("lines", "to", "error", "said"),
    [
        (LIVE, "1.2.0", UserError, r"prod is meant to run 1\.2\.0 already"),
        ((*LIVE, "hold 1.0.0"), "1.0.0", RefusedError, "is on hold"),
        ((*LIVE, "register 2.0.0"), "2.0.0", RefusedError, r"2\.0\.0 was never live in prod"),
        (REGISTERED, "previous-good", UserError, "nothing can be rolled back"),
        (
            (*REGISTERED, "promote 1.0.0", "deploy 1.0.0 live"),
            "previous-good",
            UserError,
            "No version of delay was live",
        ),
    ],
)
def test_where_a_rollback_does_not_go(lines: tuple[str, ...], to: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        deploy.rollback(history(*lines), "prod", to=to, reason="worse")


def test_a_rollback_wants_a_reason() -> None:
    with pytest.raises(UserError, match="without a reason"):
        deploy.rollback(history(*LIVE), "prod", to="previous-good", reason=" ")


def test_where_nobody_recorded_deployments_the_promotions_count() -> None:
    state = history(*REGISTERED, "promote 1.0.0", "promote 1.1.0")
    assert deploy.rollback(state, "prod", to="previous-good", reason="worse").version == "1.0.0"


def test_a_deployment_is_recorded_once_for_each_thing_that_asked_for_it() -> None:
    done = history(*REGISTERED, "promote 1.0.0", "deploy 1.0.0 live")
    assert deploy.recorded(done, deploy.deploy(done, "prod"))

    again = history(*REGISTERED, "promote 1.0.0", "deploy 1.0.0 live", "promote 1.0.0")
    assert not deploy.recorded(again, deploy.deploy(again, "prod"))


def test_the_steps_of_a_plan_are_sentences() -> None:
    state = history(*LIVE)
    plan = deploy.rollback(state, "prod", to="previous-good", reason="worse")
    assert deploy.steps(plan, target="local", budgets=0) == (
        "Take the published bundle of delay 1.1.0 (sha256:1.1.0…).",
        "Record the rollback of prod to 1.1.0, put 1.2.0 on hold, because: worse",
        "Have the target local run it.",
        "Replay its golden rows through the address of prod.",
        "Record what came of it.",
    )
