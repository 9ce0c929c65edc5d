"""The image that a bundle's Dockerfile starts from: the slim image of each Python, by digest.

Each is the index of all platforms. To take a newer one, for each of them:
`docker buildx imagetools inspect python:3.11-slim --format '{{.Manifest.Digest}}'`
"""

from typing import Final

SLIM: Final = {
    "3.11": "sha256:db3ff2e1800a8581e2c48a27c3995339d47bdf046da21c7627accd3d51053a93",
    "3.12": "sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea",
    "3.13": "sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b",
    "3.14": "sha256:b877e50bd90de10af8d82c57a022fc2e0dc731c5320d762a27986facfc3355c1",
}
