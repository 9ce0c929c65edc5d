"""Signatures by SSH keys: what ssh-keygen accepts, what a statement says, whose word counts."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from mltool import signing
from mltool.bundle import signers, statement
from mltool.errors import UserError

NOW = 1.8e9
CONTENT = b"sums\n"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return new_key(tmp_path / "ada")


def new_key(place: Path, *words: str, phrase: str = "") -> Path:
    words = words or ("-t", "ed25519")
    subprocess.run(["ssh-keygen", "-q", *words, "-N", phrase, "-C", place.name, "-f", place], check=True)
    return place


def public(key: Path) -> str:
    return key.with_suffix(".pub").read_text().strip()


def allowed(place: Path, *lines: str) -> Path:
    (place / "signers").write_text("\n".join(("# who may", "", *lines, "")))
    return place / "signers"


def check_ssh(place: Path, signature: bytes, list_: Path, content: bytes = CONTENT) -> tuple[str, str]:
    (place / "it.sig").write_bytes(signature)
    found = signing.ssh.check(content, place / "it.sig", list_)
    return found.signer, found.problem


def test_a_signature_names_its_signer(key: Path, tmp_path: Path) -> None:
    made = signing.ssh.sign(CONTENT, str(key))
    assert check_ssh(tmp_path, made, allowed(tmp_path, f"ada@example.org {public(key)}")) == ("ada@example.org", "")
    assert signing.ssh.sign(CONTENT, str(key)) == made


def test_the_public_half_names_the_private_one(key: Path, tmp_path: Path) -> None:
    made = signing.ssh.sign(CONTENT, str(key.with_suffix(".pub")))
    assert check_ssh(tmp_path, made, allowed(tmp_path, f"ada {public(key)}"))[0] == "ada"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda place: str(place / "absent"), "cannot sign with"),
        (lambda place: f"key::{public(new_key(place / 'other'))}", "cannot sign with key::"),
        (lambda place: str(new_key(place / "secret", phrase="hush")), "cannot sign with"),
    ],
)
def test_a_key_that_cannot_sign_is_named(make: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason):
        signing.ssh.sign(CONTENT, make(tmp_path))  # type: ignore[operator] # a lambda


def test_another_content_or_purpose_does_not_count(key: Path, tmp_path: Path) -> None:
    known = allowed(tmp_path, f"ada {public(key)}")
    made = signing.ssh.sign(CONTENT, str(key))
    assert "changed after they were signed" in check_ssh(tmp_path, made, known, content=b"other")[1]
    command = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(key)]
    other = subprocess.run(command, input=CONTENT, capture_output=True, check=True).stdout
    assert "for another purpose" in check_ssh(tmp_path, other, known)[1]


@pytest.mark.parametrize("kind", [("-t", "ed25519"), ("-t", "ecdsa", "-b", "256")])
def test_a_statement_is_signed_and_read_again(kind: tuple[str, ...], tmp_path: Path) -> None:
    key = new_key(tmp_path / "ada", *kind)
    payload = statement.dumps({"b": "2" * 64, "a": "1" * 64}, {"model": "delay"})
    found, inside = signing.check_attestation(signing.attest(payload, key), f"ada {public(key)}", now=NOW)
    assert (found.signer, found.problem, inside) == ("ada", "", payload)
    assert statement.subjects(inside) == {"a": "1" * 64, "b": "2" * 64}


def test_the_envelope_is_what_the_specification_says(key: Path) -> None:
    """DSSE and in-toto are for other tools: the names and the signed bytes are theirs."""
    payload = statement.dumps({"a": "1" * 64}, {})
    document = json.loads(signing.attest(payload, key))
    assert document["payloadType"] == "application/vnd.in-toto+json"
    assert base64.b64decode(document["payload"]) == payload
    assert json.loads(payload)["_type"] == "https://in-toto.io/Statement/v1"
    assert statement.signed(b"hello world").startswith(b"DSSEv1 28 application/vnd.in-toto+json 11 hello world")
    (signature,) = document["signatures"]
    listed = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], capture_output=True, check=True, text=True).stdout
    assert signature["keyid"] == listed.split()[1]


def test_an_envelope_that_was_touched_does_not_count(key: Path) -> None:
    envelope = json.loads(signing.attest(statement.dumps({"a": "1" * 64}, {}), key))
    envelope["payload"] = base64.b64encode(statement.dumps({"a": "2" * 64}, {})).decode()
    found, inside = signing.check_attestation(json.dumps(envelope).encode(), f"ada {public(key)}", now=NOW)
    assert (found.signer, inside) == ("", b"")
    assert "changed after it was signed" in found.problem


ENVELOPE = {"payload": "!", "payloadType": statement.PAYLOAD, "signatures": [{"keyid": "", "sig": ""}]}


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b'{"payloadType": 1}', b"\xff", b"[" * 100_000, json.dumps(ENVELOPE).encode()],
)
def test_what_is_no_envelope_is_said_to_be_none(content: bytes) -> None:
    found, _ = signing.check_attestation(content, "", now=NOW)
    assert found.problem.startswith("The statement does not count")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda place: place / "absent", "Cannot read the key"),
        (lambda place: new_key(place / "secret", phrase="hush"), "passphrase"),
        (lambda place: new_key(place / "rsa", "-t", "rsa", "-b", "2048"), "neither an Ed25519 nor an ECDSA"),
    ],
)
def test_a_key_that_cannot_sign_a_statement_is_named(make: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason):
        signing.attest(b"{}", make(tmp_path))  # type: ignore[operator] # a lambda


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("", ""),
        ('namespaces="git,mltool" ', ""),
        ('valid-after="20200101",valid-before="20300101Z" ', ""),
        ('namespaces="git" ', "may not sign"),
        ('valid-before="202001011200" ', "expired"),
        ('valid-after="20300101" ', "not valid yet"),
    ],
)
def test_the_options_of_a_key_count(options: str, problem: str, key: Path) -> None:
    listed = signers.parse(f"ada,ada@example.org {options}{public(key)}")
    name, why = signers.signer(listed, base64.b64decode(public(key).split()[1]), now=NOW)
    assert problem in why
    assert bool(name) != bool(problem)


@pytest.mark.parametrize(
    "line", ["ada", "ada ssh-ed25519 !!!", "* cert-authority ssh-rsa AAAA", 'a valid-before="x" ssh-rsa AAAA']
)
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        signers.parse(f"# first\n{line}\n")
