"""Rewrite the exact pins in pyproject.toml and requirements.txt from a fresh resolve.

``uv.lock`` stays untracked because it names registry hosts; the pins below give the same tree.
Index variables of the environment would leak into what uv writes, so they are removed first.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAKY = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_FIND_LINKS")


def main(uv: str) -> None:
    env = {key: value for key, value in os.environ.items() if key not in LEAKY}
    project = ROOT / "pyproject.toml"
    head, _, tail = project.read_text().partition("  # BEGIN PINS\n")
    _, _, rest = tail.partition("  # END PINS\n")
    project.write_text(f"{head}  # BEGIN PINS\n  # END PINS\n{rest}")
    (ROOT / "uv.lock").unlink(missing_ok=True)
    subprocess.run([uv, "lock", "--quiet"], cwd=ROOT, env=env, check=True)  # noqa: S603
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    pins = sorted(
        f'  "{package["name"]}=={package["version"]}",\n'
        for package in packages
        if "registry" in package["source"]
    )
    project.write_text(f"{head}  # BEGIN PINS\n{''.join(pins)}  # END PINS\n{rest}")
    export = [uv, "export", "--quiet", "--no-dev", "--no-emit-project", "--format=requirements-txt"]
    exported = subprocess.run(  # noqa: S603
        export, cwd=ROOT, env=env, check=True, capture_output=True, text=True
    ).stdout
    body = re.sub(r"^#.*\n|^ +# via.*\n", "", exported, flags=re.MULTILINE)
    header = (
        "# Exported by `make lock`: pip install --no-deps --require-hashes -r requirements.txt\n"
    )
    (ROOT / "requirements.txt").write_text(header + body)


if __name__ == "__main__":
    main(sys.argv[1])
