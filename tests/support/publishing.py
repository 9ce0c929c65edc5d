"""What tests of publishing share: a repository to publish in, and a run that dies where the test says."""

from dataclasses import dataclass, field

from mltool import http
from mltool.forges.github_releases import Releases
from mltool.forges.session import Session
from mltool.stores.store import Store
from support import github, releases

TAG = "delay@v1.3.0"


def on_github(hub: releases.Releases, token: str = github.ADMIN) -> Releases:
    """Return the releases of a new repository that has the tag."""
    api = github.repository(hub.upstream)
    tip = api.get("/git/ref/heads/main")["object"]["sha"]
    api.post("/git/refs", {"ref": f"refs/tags/{TAG}", "sha": tip})
    session = Session(base=hub.url, token=http.Secret(token), send=http.connect(hub.url), sleep=lambda seconds: None)
    return Releases(session=session, repository=api.repository)


class KilledError(BaseException):
    """The process dies here: nothing that it would have done after this is done."""


@dataclass
class Mortal:
    """A store whose user dies right after (or, with `before`, right before) the n-th thing that it writes."""

    store: Store
    dies_at: int
    before: bool = False
    wrote: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.store.name

    def __getattr__(self, name: str) -> object:
        act = getattr(self.store, name)
        if name not in ("draft", "upload", "discard", "publish", "remove"):
            return act

        def acted(*args: object, **more: object) -> object:
            last = len(self.wrote) + 1 == self.dies_at
            if last and self.before:
                raise KilledError
            answer = act(*args, **more)
            self.wrote.append(name)
            if last:
                raise KilledError
            return answer

        return acted
