"""docs/rules.md: each clause has its row, and each file and page that a row names is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CLAUSES = (
    {f"T-4.{number}" for number in range(1, 13)}
    | {f"T-5.{number}" for number in range(2, 7)}
    | {"T-6.4", "T-6.6", "T-6.7", "T-6.8", "S-1"}
    | {f"S-{number}" for number in range(4, 23)}
    | {f"row {number}" for number in (2, 4, 7, 8, 9, 10)}
    | {f"form {number}" for number in (1, 2, 3, 4)}
)
CODE_FOLDERS = ("", "exam_api", "exam_api/web")
QUOTED = re.compile(r"`([^`]+)`")
NUMBERED = re.compile(r"([TS])-(?:(\d+)\.)?(\d+)")


def rows() -> list[list[str]]:
    lines = (ROOT / "docs/rules.md").read_text().splitlines()
    cells = [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in lines
        if line.startswith("| ")
    ]
    return cells[2:]


def clauses_of(cell: str) -> Iterator[str]:
    """``T-5.3 … T-5.6``, ``S-5, S-8, rows 7, 8`` and ``forms 1–4`` one by one."""
    for part in re.split(r"(?=\b(?:rows?|forms?) )", cell):
        if word := re.match(r"(row|form)s? (.*)", part):
            kind, numbers = word.groups()
            for first, last in re.findall(r"(\d+)(?:–(\d+))?", numbers):
                for number in range(int(first), int(last or first) + 1):
                    yield f"{kind} {number}"
            continue
        for first, last in re.findall(r"([TS]-[\d.]+)(?: … ([TS]-[\d.]+))?", part):
            letter, chapter, low = NUMBERED.fullmatch(first).groups()
            high = NUMBERED.fullmatch(last).group(3) if last else low
            for number in range(int(low), int(high) + 1):
                yield f"{letter}-{chapter + '.' if chapter else ''}{number}"


def code_files(cell: str) -> Iterator[str]:
    for name in QUOTED.findall(cell):
        path = name.split(" ")[0]
        if "/" in path and not path.startswith("/") and re.search(r"\.(py|js)$", path):
            yield path


def proof_files(cell: str) -> Iterator[str]:
    """A bare name lies where the test before it does."""
    folder = ""
    for name in QUOTED.findall(cell):
        path = name.removeprefix("tests/")
        if "/" in path:
            folder = path.rpartition("/")[0] if path.endswith(".py") else path
            yield path
        else:
            yield f"{folder}/{path}"


def served_paths() -> str:
    """Every text of the web layer's modules that looks like a path."""
    found = [
        node.value
        for module in (ROOT / "exam_api/web").rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return "\n".join(found)


def test_each_clause_has_its_row() -> None:
    listed = {clause for row in rows() for clause in clauses_of(row[0])}
    assert CLAUSES - listed == set()


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_a_row_names_is_there(row: list[str]) -> None:
    _, _, where, test = row  # no more and no fewer
    code = list(code_files(where))
    lost = {
        path for path in code if not any(any((ROOT / folder).glob(path)) for folder in CODE_FOLDERS)
    }
    proofs = list(proof_files(test))
    lost |= {
        path
        for path in proofs
        if not (ROOT / (path if path.startswith("benchmarks/") else f"tests/{path}")).exists()
    }
    assert lost == set()
    assert proofs, "each clause is proven"


def test_each_page_that_is_named_is_served() -> None:
    served = served_paths()
    named = {
        "/" + name.strip("/").split("/")[0]
        for row in rows()
        for name in QUOTED.findall(row[2])
        if name.startswith("/") and not name.startswith("/{")
    }
    assert {path for path in named if path not in served} == set()
    assert len(named) > 10
