"""The command line as a whole: start-up, exit codes, help."""

import subprocess
import sys


def test_the_command_line_starts_without_heavy_libraries() -> None:
    code = "import sys, mltool.cli; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"pandas", "numpy", "sklearn", "jinja2", "dvc", "urllib3", "ruamel"} & set(out.split())
