"""SageMaker on loopback: moto's server, which keeps models, configurations and endpoints, and answers as it is told.

It knows no UpdateEndpoint; that is added here, with what AWS says where the endpoint or the configuration is unknown.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mltool import http
from mltool.targets import CONNECTS, TARGETS, Place, settings
from support import small_server

SERVER = """
import sys
from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.responses import SageMakerResponse
from moto.server import main

def update_endpoint(self):
    backend, name = self.sagemaker_backend, self._get_param("EndpointConfigName")
    endpoint = backend.endpoints.get(self._get_param("EndpointName"))
    if endpoint is None or name not in backend.endpoint_configs:
        raise AWSValidationException("Could not find endpoint or its configuration.")
    endpoint.endpoint_config_name = name
    return ActionResult({"EndpointArn": endpoint.arn})

SageMakerResponse.update_endpoint = update_endpoint
main(sys.argv[1:])
"""
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1"}


@dataclass(frozen=True)
class Amazon:
    """The server's address."""

    url: str

    def place(self, folder: Path, **chosen: Any) -> Place[Any]:
        """Return a place on it."""
        given = {
            "image": "1.dkr.ecr.eu-central-1.amazonaws.com/delay:{version}", "role": "arn:aws:iam::1:role/delay",
            "region": "eu-central-1", "api": self.url, **chosen,
        }  # fmt: skip
        read = settings(TARGETS["sagemaker"].Settings, "prod", given)
        return Place(environment="prod", model="delay", settings=read, project=folder)

    def send(self, place: Place[Any]) -> http.Send:
        """Return what sends to its endpoints, which answer as golden rows want it."""
        self.answers(small_server.EXPECTED)
        return CONNECTS["sagemaker"].connect(place)

    def answers(self, prediction: Any, times: int = 5) -> None:
        """Have the next invocations answer this prediction."""
        body = json.dumps({"predictions": [prediction]})
        results = [{"Body": body, "ContentType": "application/json"}] * times
        document = {"account_id": "123456789012", "region": "eu-central-1", "results": results}
        asked = urllib.request.Request(
            f"{self.url}/moto-api/static/sagemaker/endpoint-results",
            data=json.dumps(document).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.status == 201


@contextlib.contextmanager
def amazon() -> Iterator[Amazon]:
    """Start the server; its keys are in the environment for as long."""
    port = small_server.free_port()
    command = [sys.executable, "-c", SERVER, "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = {name: os.environ.get(name) for name in KEYS}
    os.environ.update(KEYS)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield Amazon(f"http://127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
