"""The diagram of the layers is the contract that lint-imports keeps."""

from __future__ import annotations

import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]


def test_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    kept = [set(re.findall(r"pytest_migrations\.([\w.]+)", layer)) for layer in contracts[0]["layers"]]
    text = (ROOT / "docs" / "architecture.md").read_text().partition("\n## Layers\n")[2]
    drawn: list[set[str]] = []
    for line in re.findall(r"^    (.*)$", text.partition("\n## ")[0], re.MULTILINE):
        names = {name.rstrip("/").replace("/", ".") for name in line[:39].split()}
        if line.startswith("  "):  # more of the layer above
            drawn[-1] |= names
        elif not line.startswith("---"):
            drawn.append(names)
    assert drawn == [layer for layer in kept if layer != {"__main__"}]
