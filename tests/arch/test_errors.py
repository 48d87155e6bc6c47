"""docs/errors.md against the code: every code a caller may meet stands there, with the texts that people read."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.api.http import CODES
from chalicelib.domain.errors import GreenShieldError
from chalicelib.domain.messages import TEXTS
from chalicelib.domain.photo import RefusalReason
from mobile_api_spec.problems import MEMBERS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
ERRORS = {error.code: error for error in (GreenShieldError, *GreenShieldError.__subclasses__())}
ZH, EN = TEXTS["zh-CN"], TEXTS["en"]
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "chalicelib").rglob("*.py"))]
CALLS = [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Call)]


def table(section: str) -> dict[str, dict[str, str]]:
    """The rows of a section's table by their code."""
    lines = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines if line.startswith("|")]
    head, _, *body = rows
    return {row[0].strip("`"): dict(zip(head, row, strict=True)) for row in body}


def test_every_problem_has_a_code_of_its_own() -> None:
    assert len(ERRORS) == 1 + len(GreenShieldError.__subclasses__())


def test_every_problem_stands_on_the_page_as_the_code_has_it() -> None:
    told = {
        code: (row["status"], row["class"].strip("`"), row["zh-CN"], row["en"])
        for code, row in table("Problems").items()
    }
    known = {
        code: (str(error.status), error.__name__, ZH[f"problem.{code}"], EN[f"problem.{code}"])
        for code, error in ERRORS.items()
    }
    assert told == known


def test_the_page_names_the_members_that_the_spec_names() -> None:
    told = {
        code: set(row["members"].replace("`", "").replace(",", " ").split()) for code, row in table("Problems").items()
    }
    known = {code: set(MEMBERS.get(code, {})) for code in ERRORS}
    assert told == known | {"invalid_request": {"errors"}}


@pytest.mark.parametrize(
    ("section", "prefix"),
    [
        pytest.param("Fields", "field", id="every field code stands on the page with its texts"),
        pytest.param("Refused series", "refusal", id="every refusal of a series stands on the page with its texts"),
        pytest.param("Refused photos", "word.reason", id="every refusal of a photo stands on the page with its texts"),
        pytest.param(
            "Refused documents", "word.document", id="every refusal of a document stands on the page with its texts"
        ),
    ],
)
def test_a_table_is_complete(section: str, prefix: str) -> None:
    told = {code: (row["zh-CN"], row["en"]) for code, row in table(section).items()}
    codes = [key.removeprefix(f"{prefix}.") for key in ZH if key.startswith(f"{prefix}.")]
    assert told == {code: (ZH[f"{prefix}.{code}"], EN[f"{prefix}.{code}"]) for code in codes}


def test_every_row_says_when_it_happens_and_what_to_do() -> None:
    sections = ("Problems", "Fields", "Refused series", "Refused photos", "Refused documents")
    rows = [row for section in sections for row in table(section).values()]
    assert [row["code"] for row in rows if not row.get("when", "-") or not row["what to do"]] == []


def test_every_field_code_that_the_code_gives_has_a_text_and_no_text_is_left_over() -> None:
    given = {code for code, _ in CODES.values()} | {"invalid"}
    given |= set(constants("FieldError", 1)) | set(constants("_wrong", 1, of=3))
    assert given == keys("field.")


def test_every_refusal_that_the_code_gives_has_a_text_and_no_text_is_left_over() -> None:
    assert set(constants("Refusal", 0)) == keys("refusal.")


def test_every_photo_refusal_has_a_text_and_no_text_is_left_over() -> None:
    assert {reason.value for reason in RefusalReason} == keys("word.reason.")


def test_every_problem_has_a_text_and_no_text_is_left_over() -> None:
    assert set(ERRORS) == keys("problem.")


def keys(prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in ZH if key.startswith(prefix)}


def constants(function: str, position: int, of: int | None = None) -> Iterator[str]:
    """The strings that calls of a function have at a position; `of` counts the arguments where only some calls are meant."""
    for call in CALLS:
        if isinstance(call.func, ast.Name) and call.func.id == function and of in (None, len(call.args)):
            yield from strings(call.args[position])


def strings(node: ast.expr) -> Iterator[str]:
    """A string, or both of `a if ... else b`."""
    for one in (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
