"""Amazon S3 and what speaks its language: `s3://bucket/prefix/delay@v1.3.0/` with the files.

S3 moves nothing, so a draft stands where it will be published, and one object more, written last, publishes it. Only
the first may write that one. Needs the extra `s3`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mltool.errors import OutsideError, UserError
from mltool.release.publish import Asset, Found

DRAFT: Final = ".draft.md"
PUBLISHED: Final = ".published.json"
REFUSED: Final = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "NoSuchBucket")
TAKEN: Final = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True)
class Bucket:
    """Releases below `prefix` (empty, or ending in a slash) of a bucket; `client` is boto3's."""

    client: Any
    bucket: str
    prefix: str

    @property
    def name(self) -> str:
        """Return the address of the store."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def find(self, tag: str) -> tuple[Found, ...]:
        """Return the release of this tag, if it was begun."""
        start = self._start(tag)
        with self._words():
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
            sizes = {item["Key"][len(start) :]: item["Size"] for page in pages for item in page.get("Contents", ())}
            if not sizes:
                return ()
            assets = tuple(self._asset(start, name, size) for name, size in sizes.items() if not name.startswith("."))
        return (self._found(tag, draft=PUBLISHED not in sizes, assets=assets),)

    def draft(self, tag: str, *, title: str, notes: str) -> Found:
        """Write the notes, which is how a draft begins."""
        with self._words():
            self.client.put_object(
                Bucket=self.bucket, Key=f"{self._start(tag)}{DRAFT}", Body=f"# {title}\n\n{notes}\n".encode()
            )
        return self._found(tag, draft=True)

    def upload(self, release: Found, file: Path) -> None:
        """Send a file; S3 shows it only when it is whole."""
        if any(not current.draft for current in self.find(release.tag)):
            raise UserError(f"{release.tag} was published by another run just now.", "Run this again.")
        with self._words(file):
            with file.open("rb") as content:
                digest = file_digest(content, "sha256").hexdigest()
            extra = {"Metadata": {"sha256": digest}}
            self.client.upload_file(str(file), self.bucket, f"{release.id}{file.name}", ExtraArgs=extra)

    def discard(self, release: Found, asset: Asset) -> None:
        """Delete a file of a draft."""
        with self._words():
            self.client.delete_object(Bucket=self.bucket, Key=f"{release.id}{asset.name}")

    def download(self, asset: Asset, to: Path) -> None:
        """Fetch a file."""
        with self._words(to):
            self.client.download_file(self.bucket, asset.id, str(to))

    def publish(self, release: Found) -> Found:
        """Write the object that makes it a release; UserError where somebody else has just done so."""
        found = self.find(release.tag)
        if not found:
            raise OutsideError(f"{self.name} has lost the draft of {release.tag}.", "Run this again.")
        current = found[0]
        record = {"tag": release.tag, "files": {asset.name: asset.sha256 for asset in current.assets}}
        with self._words():
            self.client.put_object(
                Bucket=self.bucket, Key=f"{release.id}{PUBLISHED}", Body=json.dumps(record).encode(), IfNoneMatch="*"
            )
        return self._found(release.tag, draft=False, assets=current.assets)

    def remove(self, release: Found) -> None:
        """Delete the draft and its files, its notes last: until then it can be found and removed again."""
        for current in self.find(release.tag):
            if not current.draft:
                raise UserError(f"{release.tag} was published by another run just now.", "Run this again.")
            for asset in current.assets:
                self.discard(release, asset)
            with self._words():
                self.client.delete_object(Bucket=self.bucket, Key=f"{release.id}{DRAFT}")

    def _start(self, tag: str) -> str:
        return f"{self.prefix}{quote(tag, safe='@=+#')}/"

    def _found(self, tag: str, *, draft: bool, assets: tuple[Asset, ...] = ()) -> Found:
        start = self._start(tag)
        return Found(id=start, tag=tag, draft=draft, assets=assets, url=f"s3://{self.bucket}/{start}")

    def _asset(self, start: str, name: str, size: int) -> Asset:
        told = self.client.head_object(Bucket=self.bucket, Key=f"{start}{name}")
        return Asset(id=f"{start}{name}", name=name, size=size, sha256=told["Metadata"].get("sha256", ""))

    @contextmanager
    def _words(self, file: Path | None = None) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._answer(error) from error
        except (BotoCoreError, Boto3Error) as error:
            raise OutsideError(f"{self.name} is out of reach: {error}.", "Check the network and try again.") from error
        except OSError as error:
            raise UserError(f"{file} failed: {error.strerror or error}.", "Make room there and try again.") from error

    def _answer(self, error: ClientError) -> UserError | OutsideError:
        told = error.response.get("Error", {})
        code = str(told.get("Code", ""))
        if code in TAKEN:
            return UserError(f"{self.name} has it published by somebody else just now.", "Run this again.")
        if code in REFUSED:
            return UserError(f"{self.name} refused us: {code}.", "Check the bucket, and the keys in AWS_ACCESS_KEY_ID.")
        return OutsideError(f"{self.name} failed: {code} {told.get('Message', '')}".strip() + ".", "Try again later.")


def connect(place: str) -> Bucket:
    """Return the store at `s3://bucket/prefix`, with the credentials and the region that boto3 finds by itself.

    `AWS_ENDPOINT_URL` leads to other servers than Amazon's. Raises UserError for another kind of address.
    """
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    if not place.startswith("s3://") or not bucket:
        raise UserError(f"`[release] place` is `{place[:80]}`.", "For the store s3 write s3://bucket/prefix.")
    settings = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10, read_timeout=30)
    try:
        client = boto3.client("s3", config=settings)
    except (BotoCoreError, ValueError) as error:
        raise UserError(f"S3 is not set up here: {error}.", "Set AWS_DEFAULT_REGION and the AWS keys.") from error
    return Bucket(client=client, bucket=bucket, prefix=f"{prefix.strip('/')}/" if prefix.strip("/") else "")
