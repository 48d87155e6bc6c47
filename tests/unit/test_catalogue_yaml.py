"""A catalogue as YAML text: what is wrong is found by its line."""

import pytest

from chalicelib.adapters.catalogue_yaml import NotYaml, read_yaml

TEXT = """\
version: east
# a comment
indicators:
  voc:
    unit: mg/m3
    plausible: [0, 10]
rules:
  - id: one
    safety: {indicator: heat}
  - id: two
    energy: null
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: 1\nb: [1, 2\nc: 3\n", 3, id="a bracket that is not closed"),
        pytest.param("a: 1\n\tb: 2\n", 2, id="a tab"),
        pytest.param("a: 1\nb: 2\na: 3\n", 3, id="a key twice"),
        pytest.param("a: {b: 1, b: 2}\n", 1, id="a key twice on one line"),
        pytest.param("a: &x [1]\nb: *x\n", 2, id="an alias"),
        pytest.param("a: !!python/object:os.system {}\n", 1, id="a type of its own"),
        pytest.param("a: 1\n---\nb: 2\n", 2, id="two documents"),
        pytest.param("a: 1\n? [b]\n: 2\n", 2, id="a key that is a list"),
        pytest.param("- 1\n- 2\n", 1, id="a list"),
        pytest.param("", 1, id="nothing"),
        pytest.param("a: \x00", 1, id="a character that YAML does not take"),
        pytest.param("a: 2026-13-45\n", 1, id="a day that there is not"),
    ],
)
def test_what_is_no_document_is_refused_by_its_line(text: str, line: int) -> None:
    with pytest.raises(NotYaml) as refused:
        read_yaml(text)
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param((), 1, id="the document"),
        pytest.param(("indicators", "voc", "unit"), 5, id="a field"),
        pytest.param(("indicators", "voc", "plausible", 1), 6, id="an item of a list on one line"),
        pytest.param(("rules", 1), 10, id="an item of a list"),
        pytest.param(("rules", 1, "energy"), 11, id="a field of an item"),
        pytest.param(("rules", 0, "safety", "indicator"), 9, id="a field on one line with others"),
        pytest.param(("indicators", "voc", "dimension"), 4, id="a missing field: what it is missing from"),
        pytest.param(("rules", 9), 7, id="a missing item"),
    ],
)
def test_every_path_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    document, line_of = read_yaml(TEXT)
    assert document["indicators"]["voc"]["plausible"] == [0, 10]
    assert line_of(path) == line
