"""GitHub Releases: what the API server lacks, added by the proxy in front of it.

The server knows releases, drafts and the names of assets, but forgets the bytes, takes one name twice, shows a draft by
its tag to everybody, and says no digest. Here: bytes are kept and given back by a redirect to a storage on another
port, as GitHub does; a name is taken once; a draft is not found by its tag; assets have a digest; and an upload can be
cut off, which leaves an asset in the state `starter`.
"""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support import github

Answer = tuple[int, dict[str, str], bytes]


class Releases(github.Proxy):
    """A proxy with assets. `kept` are their bytes by id, `stored` the headers of who came to the storage for them.

    `cut` makes the next so many uploads stop after half their bytes.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.kept: dict[int, bytes] = {}
        self.starters: set[int] = set()
        self.stored: list[dict[str, str]] = []
        self.cut = 0
        handler = type("Storage", (_Storage,), {"releases": self})
        self._storage = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._storing = threading.Thread(target=self._storage.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "Releases":
        super().__enter__()
        self._storing.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._storage.shutdown()
        self._storage.server_close()
        self._storing.join()
        super().__exit__(*reason)

    def forward(self, call: github.Call) -> Answer:
        path = urlsplit(call.path).path
        if call.method == "POST" and re.search(r"/releases/\d+/assets$", path):
            return self._upload(call)
        asset = re.search(r"/releases/assets/(\d+)$", path)
        if call.method == "GET" and asset and call.headers.get("Accept") == "application/octet-stream":
            address = f"http://127.0.0.1:{self._storage.server_address[1]}/{asset[1]}?signature=secret"
            return (302, {"Location": address}, b"") if int(asset[1]) in self.kept else (404, {}, b"{}")
        status, headers, body = super().forward(call)
        if "/releases" in path and status < 300 and body:
            found = json.loads(body)
            if "/releases/tags/" in path and found["draft"]:
                return 404, headers, b'{"message": "Not Found"}'
            body = self._told(found)
        return status, headers, body

    def bytes_of(self, name: str) -> list[bytes]:
        """Return what was uploaded under this name, oldest first."""
        sent = self.asked("POST", rf"/assets\?name={re.escape(name)}&")
        return [call.body for call in sent]

    def _upload(self, call: github.Call) -> Answer:
        number = re.search(r"/releases/(\d+)/assets", call.path)
        assert number
        name = parse_qs(urlsplit(call.path).query)["name"][0]
        listing = github.Call("GET", f"{call.path.split('/assets')[0]}", call.headers, b"")
        there = json.loads(super().forward(listing)[2]).get("assets", [])
        if any(asset["name"] == name for asset in there):
            errors = [{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]
            return 422, {}, json.dumps({"message": "Validation Failed", "errors": errors}).encode()
        body = call.body
        if self.cut:
            self.cut -= 1
            body = body[: len(body) // 2]
        status, headers, answer = super().forward(github.Call(call.method, call.path, call.headers, body))
        if status >= 300:
            return status, headers, answer
        made = json.loads(answer)
        self.kept[made["id"]] = body
        if len(body) < len(call.body):
            self.starters.add(made["id"])
        return status, headers, self._told(made)

    def _told(self, found: Any) -> bytes:
        for release in found if isinstance(found, list) else [found]:
            for asset in release.get("assets", [release]):
                if asset["id"] in self.kept:
                    asset["digest"] = f"sha256:{hashlib.sha256(self.kept[asset['id']]).hexdigest()}"
                if asset["id"] in self.starters:
                    asset |= {"state": "starter", "digest": None}
        # The server calls itself localhost in the addresses that it gives.
        itself = self.upstream.replace("127.0.0.1", "localhost")
        return json.dumps(found).replace(itself, self.url).encode()


class _Storage(BaseHTTPRequestHandler):
    releases: Releases

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.releases.stored.append(dict(self.headers.items()))
        body = self.releases.kept[int(urlsplit(self.path).path[1:])]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
