"""The Dockerfile of a bundle: the same release gives the same file, and nothing in it is resolved at build time."""

from mltool.bundle import images, layout
from mltool.errors import UserError
from mltool.release.model import Manifest

PORT = 8501
USER = 10001
READY = f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}/readyz', timeout=2)"


def render(manifest: Manifest, *, digest: str) -> str:
    """Return the Dockerfile. Raises UserError where no image of the manifest's Python is known."""
    image = images.SLIM.get(manifest.python)
    if image is None:
        raise UserError(
            f"mltool knows no image of Python {manifest.python}, which {manifest.model} was made with.",
            f"Use Python {', '.join(images.SLIM)}, or a newer mltool.",
        )
    loose = [file.path for file in manifest.files if "/" not in file.path and file.role != "requirements"]
    words = sorted([*loose, *manifest.generated, layout.MANIFEST, layout.SUMS])
    # A signature is there or not: a pattern copies both.
    words += [f"{layout.SIGNATURE}*", f"{layout.STATEMENT}*"]
    folders = sorted({file.path.partition("/")[0] for file in manifest.files if "/" in file.path} - {"model"})
    return "\n".join([
        # On one line whatever its name: what follows a line break would be run.
        " ".join(f"# {manifest.model} {manifest.version}, release {digest}".split()),
        f"# Made by mltool from {layout.MANIFEST}; build it in the folder of the bundle: docker build .",
        f"FROM python:{manifest.python}-slim@{image}",
        "ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1",
        "WORKDIR /bundle",
        "COPY requirements.txt ./",
        "RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \\",
        "    --only-binary :all: --require-hashes -r requirements.txt",
        f"COPY {' '.join(words)} ./",
        *(f"COPY {folder} ./{folder}" for folder in folders),
        "# The model last: another version of it is one new layer.",
        "COPY model ./model",
        f"USER {USER}:{USER}",
        f"EXPOSE {PORT}",
        "HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \\",
        f'    CMD ["python", "-c", "{READY}"]',
        f'CMD ["python", "-m", "server", "--host", "0.0.0.0", "--port", "{PORT}"]',
        "",
    ])  # fmt: skip
