"""Kubernetes: a plain Deployment and Service, or a KServe InferenceService; applied with kubectl where it is wanted."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from mltool import disk, shell
from mltool.errors import OutsideError, UserError
from mltool.release import names
from mltool.targets import images, yaml
from mltool.targets.target import Delivery, NotReadyError, Place, Running

INSIDE: Final = 8501
USER: Final = 10001


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`[environments.NAME.settings]` with `target = "kubernetes"`."""

    image: str
    """The image that was built from the bundle, with `{version}` or `{digest}` (12 hexadecimal digits) in it."""
    kind: Literal["deployment", "kserve"] = "deployment"
    """What to write: a Deployment with a Service, or a KServe InferenceService."""
    path: str = "deploy/kubernetes"
    """The folder of the manifests; each environment and model has its own file."""
    namespace: str = "default"
    """Where the objects live."""
    context: str = ""
    """The context of kubectl; empty: its current one."""
    replicas: int = 2
    """How many pods; of an InferenceService the fewest."""
    cpu: str = "100m"
    """The processor time that a pod asks for."""
    memory: str = "512Mi"
    """The memory that a pod asks for, and the most that it gets."""
    service_account: str = ""
    """The account that the pods run as; empty: the namespace's own, without a token."""
    environ: dict[str, str] = field(default_factory=dict)
    """More environment variables for the server."""
    apply: bool = False
    """Whether to run `kubectl apply`; if not, the file is only written, for a GitOps repository."""
    timeout: float = 600.0
    """How many seconds the pods may take to get ready."""


def url(place: Place[Settings]) -> str:
    """Return where the model answers, which only the configuration knows."""
    return place.url


def state(place: Place[Settings]) -> Running | None:  # noqa: ARG001 - a target answers this
    """Return None: the manifest says what is wanted, and only the address what runs."""
    return None


def apply(place: Place[Settings], release: Delivery) -> bool:
    """Write the manifest of this release, and apply it where that is wanted."""
    return _put(place, release)


def undo(place: Place[Settings], to: Running | None) -> None:
    """Write and apply the manifest of the version before, or take the objects away."""
    if to is not None:
        _put(place, to)
    elif manifest(place).exists():
        if place.settings.apply:
            _kubectl(place, "delete", "--ignore-not-found", "--filename", str(manifest(place)))
        disk.remove(manifest(place))


def render(place: Place[Settings], release: Delivery | Running) -> str:
    """Return the objects as YAML: the same bytes for the same release and settings."""
    build = {"deployment": _deployment, "kserve": _inference}[place.settings.kind]
    return yaml.dumps(build(place, release, _name(place)))


def manifest(place: Place[Settings]) -> Path:
    """Return the file of one model in one environment."""
    return place.project / place.settings.path / names.escaped(place.environment) / f"{_name(place)}.yaml"


def _name(place: Place[Settings]) -> str:
    name = names.labels(place.models or (place.model,))[place.model]
    if name[0].isdigit():
        raise UserError(f"A Service cannot be called `{name}`: its name begins with a letter.", "Rename the model.")
    return name


def _put(place: Place[Settings], release: Delivery | Running) -> bool:
    disk.write(manifest(place), render(place, release))
    if not place.settings.apply:
        return False
    _kubectl(place, "apply", "--filename", str(manifest(place)))
    patience = f"{place.settings.timeout:.0f}s"
    if place.settings.kind == "kserve":
        _ready(place, "wait", "--for=condition=Ready", f"inferenceservice/{_name(place)}", f"--timeout={patience}")
    else:
        _ready(place, "rollout", "status", f"deployment/{_name(place)}", f"--timeout={patience}")
    return True


def _deployment(place: Place[Settings], release: Delivery | Running, name: str) -> list[dict[str, Any]]:
    chosen = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "mltool"}
    about = _metadata(place, release, name)
    pod = {"metadata": {"labels": about["labels"], "annotations": about["annotations"]}, "spec": _pod(place, release)}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    spec = {
        "replicas": place.settings.replicas,
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": chosen},
        "strategy": rolling,
        "template": pod,
    }
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"selector": chosen, "ports": ports}},
    ]


def _inference(place: Place[Settings], release: Delivery | Running, name: str) -> list[dict[str, Any]]:
    pod = _pod(place, release)
    # KServe knows the container that predicts by this name.
    pod["containers"][0]["name"] = "kserve-container"
    predictor = {"minReplicas": place.settings.replicas, **pod}
    about = _metadata(place, release, name)
    # Knative, the other mode, allows neither security contexts nor volumes.
    about["annotations"]["serving.kserve.io/deploymentMode"] = "RawDeployment"
    spec = {"predictor": predictor}
    return [{"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": about, "spec": spec}]


def _metadata(place: Place[Settings], release: Delivery | Running, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": place.settings.namespace,
        "labels": {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/version": names.kubernetes_version(release.version),
            "app.kubernetes.io/managed-by": "mltool",
        },
        # What a label is too short or too strict for.
        "annotations": {
            "mltool/model": place.model,
            "mltool/version": release.version,
            "mltool/digest": release.digest,
            "mltool/environment": place.environment,
        },
    }


def _pod(place: Place[Settings], release: Delivery | Running) -> dict[str, Any]:
    account = place.settings.service_account
    return {
        **({"serviceAccountName": account} if account else {"automountServiceAccountToken": False}),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": 60,
        "containers": [_container(place, release)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }


def _container(place: Place[Settings], release: Delivery | Running) -> dict[str, Any]:
    settings = place.settings
    probe = {"periodSeconds": 5, "timeoutSeconds": 3}
    return {
        "name": "model",
        "image": images.named(place.settings.image, release, environment=place.environment),
        "ports": [{"name": "http", "containerPort": INSIDE, "protocol": "TCP"}],
        "env": [{"name": name, "value": value} for name, value in sorted(settings.environ.items())],
        "resources": {
            "requests": {"cpu": settings.cpu, "memory": settings.memory},
            "limits": {"memory": settings.memory},
        },
        "startupProbe": {"httpGet": {"path": "/readyz", "port": "http"}, **probe, "failureThreshold": 60},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, **probe},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": "http"}, **probe, "failureThreshold": 6},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - inside the container
    }


def _kubectl(place: Place[Settings], *words: str) -> None:
    code, said = _run(place, *words)
    if code:
        raise OutsideError(f"`kubectl {words[0]}` failed: {said}.", "Is the cluster there, and may you change it?")


def _ready(place: Place[Settings], *words: str) -> None:
    code, said = _run(place, *words)
    if code and ("timed out" in said or "exceeded its progress deadline" in said):
        raise NotReadyError(f"The pods of {place.model} did not get ready: {said}.", "See `kubectl describe pods`.")
    if code:
        raise OutsideError(f"`kubectl {words[0]}` failed: {said}.", "Is the cluster there?")


def _run(place: Place[Settings], *words: str) -> tuple[int, str]:
    context = ("--context", place.settings.context) if place.settings.context else ()
    command = ("kubectl", *context, "--namespace", place.settings.namespace, *words)
    patience = place.settings.timeout + 60
    done = shell.run(command, cwd=place.project, environ=place.environ, timeout=patience)
    return done.code, " / ".join(line.strip() for line in done.err.strip().splitlines()[-3:])[-400:].rstrip(".")
