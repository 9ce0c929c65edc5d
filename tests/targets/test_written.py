"""What is written for Kubernetes, KServe and Docker Compose, by the schemas of those who read it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from mltool.errors import OutsideError, UserError
from mltool.targets import NotReadyError, Place, Running, compose, kubernetes
from support import tools

SCHEMAS = Path(__file__).parent / "schemas"
RELEASE = Running(version="1.3.0-rc.1+gpu", digest=f"sha256:{'ab' * 32}")
IMAGE = "registry.example.org/team/delay:{version}-{digest}"


def kubernetes_place(folder: Path, model: str = "delay", **chosen: Any) -> Place[kubernetes.Settings]:
    settings = kubernetes.Settings(image=chosen.pop("image", IMAGE), **chosen)
    models = tuple({model, "churn"})
    return Place(environment="prod", model=model, settings=settings, project=folder, models=models, environ={})


def objects(text: str) -> dict[str, Any]:
    """Return the objects of a manifest by kind."""
    return {item["kind"]: item for item in YAML(typ="safe").load_all(text)}


def check(kind: str, document: Any) -> None:
    """Hold an object against the schema of its kind, unknown keys included."""
    if kind == "InferenceService":
        jsonschema.validate(document, json.loads((SCHEMAS / "kserve.json").read_text()))
        return
    schema = json.loads((SCHEMAS / "kubernetes.json").read_text())
    group = "apps.v1" if kind == "Deployment" else "core.v1"
    jsonschema.validate(document, {**schema, "$ref": f"#/definitions/io.k8s.api.{group}.{kind}"})


@pytest.mark.parametrize("chosen", [{}, {"service_account": "delay", "environ": {"TZ": "UTC"}, "replicas": 1}])
@pytest.mark.parametrize("kind", ["deployment", "kserve"])
def test_every_object_is_what_its_schema_allows(kind: Any, chosen: dict[str, Any], tmp_path: Path) -> None:
    found = objects(kubernetes.render(kubernetes_place(tmp_path, kind=kind, **chosen), RELEASE))

    assert set(found) == ({"InferenceService"} if kind == "kserve" else {"Deployment", "Service"})
    for name, document in found.items():
        check(name, document)


def test_the_schemas_refuse_a_key_that_does_not_exist(tmp_path: Path) -> None:
    for kind in ("deployment", "kserve"):
        for name, document in objects(kubernetes.render(kubernetes_place(tmp_path, kind=kind), RELEASE)).items():
            inner = document["spec"].get("predictor", document["spec"])
            inner["replicaz"] = 2
            with pytest.raises(jsonschema.ValidationError):
                check(name, document)


def test_a_pod_runs_as_nobody_is_probed_and_names_its_release(tmp_path: Path) -> None:
    found = objects(kubernetes.render(kubernetes_place(tmp_path), RELEASE))
    pod = found["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]

    assert pod["metadata"]["annotations"]["mltool/digest"] == RELEASE.digest
    assert pod["metadata"]["labels"]["app.kubernetes.io/version"] == "1.3.0-rc.1_gpu"
    assert container["image"] == f"registry.example.org/team/delay:1.3.0-rc.1_gpu-{'ab' * 6}"
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert found["Service"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert found["Deployment"]["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_the_same_release_is_the_same_bytes_and_another_one_keeps_the_selector(tmp_path: Path) -> None:
    place = kubernetes_place(tmp_path)
    other = Running(version="1.4.0", digest=f"sha256:{'cd' * 32}")

    assert kubernetes.render(place, RELEASE) == kubernetes.render(place, RELEASE)
    found = [objects(kubernetes.render(place, release))["Deployment"] for release in (RELEASE, other)]
    assert found[0]["spec"]["selector"] == found[1]["spec"]["selector"]


def test_models_that_would_have_one_name_are_refused(tmp_path: Path) -> None:
    settings = kubernetes.Settings(image=IMAGE)
    place = Place(
        environment="prod", model="flight_delay", settings=settings, project=tmp_path,
        models=("flight-delay", "flight_delay"),
    )  # fmt: skip
    with pytest.raises(UserError, match="`flight-delay` and `flight_delay` are both called `flight-delay`"):
        kubernetes.render(place, RELEASE)


@pytest.mark.parametrize(
    ("image", "said"),
    [("delay:latest", "the same for every version"), ("delay:{version} --privileged", "which names no image")],
)
def test_an_image_that_cannot_be_is_a_sentence(image: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        kubernetes.render(kubernetes_place(tmp_path, image=image), RELEASE)


def test_a_file_alone_is_written_but_not_live(tmp_path: Path) -> None:
    place = kubernetes_place(tmp_path)

    assert kubernetes.apply(place, RELEASE) is False  # type: ignore[arg-type]

    assert kubernetes.manifest(place).read_text() == kubernetes.render(place, RELEASE)


@pytest.mark.parametrize(
    ("said", "error"),
    [("error: timed out waiting for the condition", NotReadyError), ("connection refused", OutsideError)],
)
def test_pods_that_do_not_get_ready_are_the_versions_fault_and_a_lost_cluster_is_not(
    said: str, error: type[Exception], tmp_path: Path
) -> None:
    environ = tools.install(tmp_path / "bin")
    program = (tmp_path / "bin" / "kubectl").read_text()
    wanted = f"if 'rollout' in words: sys.exit({said!r})\ndocker() if"
    (tmp_path / "bin" / "kubectl").write_text(program.replace("docker() if", wanted))
    settings = kubernetes.Settings(image=IMAGE, apply=True, context="prod-eu")
    place = Place(environment="prod", model="delay", settings=settings, project=tmp_path, environ=environ)

    with pytest.raises(error, match=said.removeprefix("error: ")):
        kubernetes.apply(place, RELEASE)  # type: ignore[arg-type]

    called = json.loads((tmp_path / "bin" / "calls").read_text().splitlines()[0])
    assert called[:6] == ["kubectl", "--context", "prod-eu", "--namespace", "default", "apply"]


def test_a_compose_file_is_what_its_schema_allows_and_a_dollar_is_a_dollar(tmp_path: Path) -> None:
    settings = compose.Settings(environ={"PRICE": "$5"}, memory="512m", apply=False)
    place = Place(environment="prod", model="team/flight_delay", settings=settings, project=tmp_path)
    (tmp_path / "compose.yaml").write_text(compose.render(place, RELEASE))

    command = ("check_jsonschema", "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yaml")
    done = subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, text=True, check=False)
    found = YAML(typ="safe").load((tmp_path / "compose.yaml").read_text())

    assert done.returncode == 0, done.stdout
    assert found["services"]["team-flight-delay"]["environment"] == {"PRICE": "$$5"}
    assert found["services"]["team-flight-delay"]["build"]["context"].startswith("./versions/1.3.0-rc.1")
