"""The programs of README.md, one after the other in one folder, as somebody reads them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "100"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_program_runs(tmp_path: Path) -> None:
    printed = []
    for number, block in enumerate(blocks()):
        program = tmp_path / f"test_{number}.py"
        program.write_text(block)
        if "def test_" in block:
            run(tmp_path, "-m", "pytest", "-p", "forebay.pytest_plugin", "-q", program.name)
        else:
            printed += run(tmp_path, program.name).splitlines()
    assert printed == [
        "b'any bytes' {'kind': 'new'}",
        "b'for whoever comes first'",
        "working on b'the first'",
        "working on b'the last'",
        "True",
        "AWS.SimpleQueueService.NonExistentQueue False The specified queue does not exist.",
    ]


def test_the_files_it_names_are_there() -> None:
    for link in re.findall(r"\]\((.*?)\)", README.read_text()):
        assert (README.parent / link).exists(), link
