"""Amazon SageMaker: a model and an endpoint configuration for each version, one endpoint that moves between them.

The image is the bundle's own, pushed to ECR. SageMaker starts it with the argument `serve` and asks for `/ping` and
`/invocations` on port 8080, which the server knows; docs/deploy.md has the two lines that its image needs.
"""

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from mltool import http
from mltool.errors import OutsideError, UserError
from mltool.release import names
from mltool.targets import images
from mltool.targets.target import NOTHING, Delivery, NotReadyError, Place, Running

POLL: Final = 5.0
VARIANT: Final = "live"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`[environments.NAME.settings]` with `target = "sagemaker"`. Credentials are boto3's business."""

    image: str
    """The image in ECR, with `{version}` or `{digest}` (12 hexadecimal digits) in it."""
    role: str
    """The ARN of the role that the model runs as."""
    region: str = ""
    """The AWS region; empty: what boto3 finds."""
    endpoint: str = ""
    """The name of the endpoint; empty: `ENVIRONMENT-MODEL`."""
    instance_type: str = "ml.t2.medium"
    """The kind of machine."""
    instances: int = 1
    """How many machines."""
    api: str = ""
    """Another address of the AWS API, such as a VPC endpoint's; empty: AWS."""
    environ: dict[str, str] = field(default_factory=dict)
    """More environment variables for the server."""
    timeout: float = 1800.0
    """How many seconds the endpoint may take to get into service."""


def url(place: Place[Settings]) -> str:
    """Return the address of the endpoint, which only signed requests reach."""
    region = _client(place, "sagemaker").meta.region_name
    return f"https://runtime.sagemaker.{region}.amazonaws.com/endpoints/{_endpoint(place)}"


def state(place: Place[Settings]) -> Running:
    """Return the version whose configuration the endpoint has."""
    client = _client(place, "sagemaker")
    found = _described(client.describe_endpoint, EndpointName=_endpoint(place))
    if found is None:
        return NOTHING
    config = _ask(client.describe_endpoint_config, EndpointConfigName=found["EndpointConfigName"])
    model = _ask(client.describe_model, ModelName=config["ProductionVariants"][0]["ModelName"])
    known = (model.get("PrimaryContainer") or {}).get("Environment") or {}
    status = found["EndpointStatus"]
    trouble = "" if status == "InService" else f"The endpoint {_endpoint(place)} is {status}: {_why(found)}."
    return Running(version=known.get("MLTOOL_VERSION", ""), digest=known.get("MLTOOL_DIGEST", ""), trouble=trouble)


def apply(place: Place[Settings], release: Delivery) -> bool:
    """Make the model and its configuration where they are not there yet, and move the endpoint to it."""
    client, name = _client(place, "sagemaker"), _name(place, release)
    if _described(client.describe_model, ModelName=name) is None:
        variables = {**place.settings.environ, "MLTOOL_VERSION": release.version, "MLTOOL_DIGEST": release.digest}
        container = {
            "Image": images.named(place.settings.image, release, environment=place.environment),
            "Environment": variables,
        }
        _ask(client.create_model, ModelName=name, PrimaryContainer=container, ExecutionRoleArn=place.settings.role)
    if _described(client.describe_endpoint_config, EndpointConfigName=name) is None:
        variant = {
            "VariantName": VARIANT,
            "ModelName": name,
            "InstanceType": place.settings.instance_type,
            "InitialInstanceCount": place.settings.instances,
        }
        _ask(client.create_endpoint_config, EndpointConfigName=name, ProductionVariants=[variant])
    _move(place, client, name)
    return True


def undo(place: Place[Settings], to: Running | None) -> None:
    """Move the endpoint back to the configuration of the version before, or delete it."""
    client = _client(place, "sagemaker")
    if to is not None:
        _move(place, client, _name(place, to))
    elif _described(client.describe_endpoint, EndpointName=_endpoint(place)) is not None:
        _ask(client.delete_endpoint, EndpointName=_endpoint(place))


def connect(place: Place[Settings]) -> http.Send:
    """Return a function that sends `/predict` through InvokeEndpoint and answers `/version` from the endpoint's state.

    SageMaker passes no header of the server on, so the digest in the answers is that of the endpoint's configuration.
    """
    runtime = _client(place, "sagemaker-runtime")

    @cache
    def known() -> Running:
        now = state(place)
        if now.trouble or not now.version:
            raise OutsideError(now.trouble or f"There is no endpoint {_endpoint(place)}.")
        return now

    def send(request: http.Request) -> http.Answer:
        # Each /version asks anew; the rows after it belong to that answer.
        if urlsplit(request.url).path.endswith("/version"):
            known.cache_clear()
            now = known()
            about = {"model": place.model, "version": now.version, "digest": now.digest}
            return http.Answer(status=200, body=msgspec.json.encode(about))
        now = known()
        asked = {"EndpointName": _endpoint(place), "ContentType": "application/json", "Body": request.body or b""}
        answer = _ask(runtime.invoke_endpoint, **asked)
        return http.Answer(status=200, headers={"model-digest": now.digest}, body=answer["Body"].read())

    return send


def _move(place: Place[Settings], client: Any, config: str) -> None:
    """Create the endpoint with this configuration, or update it; return when it is in service."""
    endpoint = _endpoint(place)
    found = _settled(place, client) if _described(client.describe_endpoint, EndpointName=endpoint) else None
    if found is None:
        _ask(client.create_endpoint, EndpointName=endpoint, EndpointConfigName=config)
    elif found["EndpointConfigName"] != config or found["EndpointStatus"] != "InService":
        _ask(client.update_endpoint, EndpointName=endpoint, EndpointConfigName=config)
    found = _settled(place, client)
    if found["EndpointStatus"] != "InService" or found["EndpointConfigName"] != config:
        raise NotReadyError(
            f"The endpoint {endpoint} did not get into service with {config}: {_why(found)}.", "See its log."
        )


def _settled(place: Place[Settings], client: Any) -> Mapping[str, Any]:
    """Return the endpoint once it is neither being made nor changed."""
    until = time.monotonic() + place.settings.timeout
    while True:
        found: Mapping[str, Any] = _ask(client.describe_endpoint, EndpointName=_endpoint(place))
        if found["EndpointStatus"] in ("InService", "Failed", "OutOfService", "UpdateRollbackFailed"):
            return found
        if time.monotonic() > until:
            raise OutsideError(
                f"The endpoint {_endpoint(place)} is still {found['EndpointStatus']} after "
                f"{place.settings.timeout:.0f} s.",
                "Deploy again: it goes on from there.",
            )
        time.sleep(POLL)


def _why(found: Mapping[str, Any]) -> str:
    return str(found.get("FailureReason") or f"it is {found['EndpointStatus']}").rstrip(".")


def _endpoint(place: Place[Settings]) -> str:
    names.labels(place.models)
    return place.settings.endpoint or names.label(f"{place.environment}-{place.model}")


def _name(place: Place[Settings], release: Delivery | Running) -> str:
    digest = release.digest.removeprefix("sha256:")[:12]
    return names.label(f"{place.environment}-{place.model}-{release.version}-{digest}")


def _client(place: Place[Settings], service: str) -> Any:
    try:
        boto3 = importlib.import_module("boto3")
    except ImportError as error:
        raise UserError("The target sagemaker needs boto3.", "pip install 'mltool-ci[sagemaker]'") from error
    try:
        return boto3.client(service, region_name=place.settings.region or None, endpoint_url=place.settings.api or None)
    except Exception as error:
        if not _of_aws(error):
            raise
        raise UserError(f"AWS: {error}", "Set `region` of this environment, or AWS_REGION.") from error


def _described(ask: Callable[..., Mapping[str, Any]], **words: Any) -> Mapping[str, Any] | None:
    """Return what is described; None where it does not exist, which SageMaker calls a validation error."""
    try:
        return ask(**words)
    except Exception as error:
        said = str(error)
        if _of_aws(error) and ("Could not find" in said or "NotFound" in said or "not exist" in said):
            return None
        raise _outside(error) from error


def _ask(ask: Callable[..., Any], **words: Any) -> Any:
    try:
        return ask(**words)
    except Exception as error:
        raise _outside(error) from error


def _outside(error: Exception) -> Exception:
    """Return what boto3 raised as a sentence; anything else as it is."""
    if not _of_aws(error):
        return error
    return OutsideError(f"AWS: {' '.join(str(error).split())[:400]}", "Check region, role and credentials; try again.")


def _of_aws(error: Exception) -> bool:
    # boto3 is an extra, so that its errors cannot be named here.
    return type(error).__module__.split(".")[0] in ("botocore", "boto3")
