"""The pages against the code: what they list is what there is, what they name exists, and their commands are those of the Makefile."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from chalicelib.domain.exchange import IMPORTED, ListName
from chalicelib.domain.exchange_columns import COLUMNS
from chalicelib.flow import FLOW, Stage
from chalicelib.settings import PREFIX, Settings
from infra.package import ROOT, merged_overlay

README, README_ZH = "README.md", "README.zh-CN.md"
OPERATIONS, ARCHITECTURE = "docs/operations.md", "docs/architecture.md"
DECISIONS = ROOT / "docs" / "decisions"
TEMPLATE = merged_overlay(ROOT)
HEADS = {
    README: ("stage", "started by", "runs in", "use case", "emits"),
    README_ZH: ("环节", "由什么启动", "运行在", "用例", "产生的事件"),
}


@cache
def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def part(name: str, mark: str) -> str:
    """What stands between <!-- mark --> and <!-- /mark -->."""
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", page(name), re.DOTALL)
    assert found, f"{name} has no part between <!-- {mark} --> and <!-- /{mark} -->"
    return found[1]


def rows(name: str, mark: str) -> list[list[str]]:
    """The cells of a part's table, without its head."""
    lines = part(name, mark).strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def table(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def test_the_page_of_lists_has_every_column_as_it_is() -> None:
    told = part("docs/exchange.md", "lists")
    known = "\n".join(exchange_table(name) for name in ListName)
    assert told == known


def exchange_table(name: ListName) -> str:
    head = ("field", "中文表头", "kind", "comes in")
    cells = [
        (
            f"`{one.name}`",
            one.heading,
            one.kind.value,
            f"`{one.target}`" if name in IMPORTED and not one.is_read_only else "",
        )
        for one in COLUMNS[name]
    ]
    return f"### {name.value}\n\n{table(head, cells)}"


def of_type(name: str) -> dict[str, dict]:
    return {key: found["Properties"] for key, found in TEMPLATE["Resources"].items() if found.get("Type") == name}


def tracked() -> list[Path]:
    """The files of the repository, new ones included."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git repository")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def markdown() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


# ---- tables that are made from the code ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [README, README_ZH])
def test_the_table_of_stages_is_the_flow(name: str) -> None:
    wanted = table(HEADS[name], [stage_cells(stage) for stage in FLOW])
    assert part(name, "stages") == wanted, f"put this into {name}, between its marks:\n{wanted}"


def stage_cells(stage: Stage) -> tuple[str, ...]:
    starts = stage.on if isinstance(stage.on, str) else f"`{stage.on.__name__}`"
    use_case = f"[{stage.run.__name__}]({stage.run.__module__.replace('.', '/')}.py)"
    return stage.name, starts, f"`{stage.runs_in}`", use_case, ", ".join(f"`{event.__name__}`" for event in stage.emits)


def test_every_setting_stands_on_the_page_of_operations() -> None:
    wanted = table(("setting", "default", "what it is"), [setting_cells(name) for name in Settings.model_fields])
    assert part(OPERATIONS, "settings") == wanted, f"put this into {OPERATIONS}, between its marks:\n{wanted}"


def setting_cells(name: str) -> tuple[str, ...]:
    field = Settings.model_fields[name]
    default = "must be set" if field.is_required() else f"`{field.default}`" if field.default else "empty"
    return f"`{PREFIX}{name.upper()}`", default, str(field.description)


def test_the_template_sets_no_setting_that_nothing_reads() -> None:
    given = {
        name.removeprefix(PREFIX).lower()
        for name in TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
        if name.startswith(PREFIX)
    }
    assert given <= Settings.model_fields.keys()


def test_every_parameter_of_the_template_stands_on_the_page_of_operations() -> None:
    told = {cells[0].strip("`"): cells[1].strip("`") for cells in rows(OPERATIONS, "parameters")}
    known = {
        name: str(one["Default"]) or "empty" if "Default" in one else "" for name, one in TEMPLATE["Parameters"].items()
    }
    assert told == known


def test_every_alarm_stands_on_the_page_with_the_section_that_its_description_names() -> None:
    told = {
        cells[0].strip("`"): re.sub(r"^\[(.+)\]\(#.+\)$", r"\1", cells[2]).lower()
        for cells in rows(OPERATIONS, "alarms")
    }
    named = {
        name: re.search(r'See docs/operations\.md, "(.+)"', alarm["AlarmDescription"])[1].lower()  # type: ignore[index]
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items()
    }
    assert told == named


def test_every_queue_stands_on_the_page_of_operations() -> None:
    assert [queue for queue in of_type("AWS::SQS::Queue") if f"`{queue}`" not in page(OPERATIONS)] == []


def test_every_output_that_a_page_asks_for_is_one_of_the_stack() -> None:
    by_chalice = {"EndpointURL", "RestAPIId", "APIHandlerName", "APIHandlerArn"}
    asked = set(re.findall(r"\$\(output (\w+)\)", page(OPERATIONS)))
    assert asked <= TEMPLATE["Outputs"].keys() | by_chalice


def test_every_metric_stands_on_the_page_with_its_dimensions() -> None:
    told = {cells[0].strip("`"): set(re.findall(r"`(\w+)`", cells[1])) for cells in rows(OPERATIONS, "metrics")}
    assert told == {
        name: dimensions for path in (ROOT / "chalicelib").rglob("*.py") for name, dimensions in metrics_of(path)
    }


def metrics_of(path: Path) -> Iterator[tuple[str, set[str]]]:
    """(name, dimensions) of each call of observability.count in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count" and node.args:
            name = node.args[0]
            assert isinstance(name, ast.Constant), f"{path}: a metric's name is a text that stands there"
            yield str(name.value), {str(keyword.arg) for keyword in node.keywords} - {"unit"}


def test_every_kind_of_row_stands_on_the_page_of_architecture() -> None:
    adapters = (ROOT / "chalicelib" / "adapters").rglob("*.py")
    written = set().union(*(re.findall(r'"([A-Z]+)#', path.read_text(encoding="utf-8")) for path in adapters))
    assert written
    assert [kind for kind in sorted(written) if f"{kind}#" not in page(ARCHITECTURE)] == []


# ---- commands --------------------------------------------------------------------------------------------------------


def targets() -> dict[str, str]:
    """The Makefile's commands and what it says of each."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z][a-z-]*):.*?## (.+)$", makefile, re.MULTILINE))


def test_every_make_command_that_a_page_names_is_in_the_makefile() -> None:
    named = {
        (path.relative_to(ROOT).as_posix(), target)
        for path in markdown()
        for span in re.findall(r"`{1,3}[^`]+`{1,3}", path.read_text(encoding="utf-8"))
        for target in re.findall(r"\bmake ([a-z][a-z-]*)", span)
    }
    assert {target for _, target in named} >= {"demo", "up", "down", "check", "test", "package"}
    assert [(name, target) for name, target in sorted(named) if target not in targets()] == []


@pytest.mark.parametrize("name", [README, README_ZH, "CONTRIBUTING.md"])
def test_a_page_for_newcomers_has_the_commands_that_ci_runs(name: str) -> None:
    gate = re.findall(r"^make [a-z-]+", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"make check", "make test", "make demo"} <= set(gate)
    assert [command for command in [*gate, "bash .ci/run"] if command not in page(name)] == []


def test_both_readmes_have_the_same_commands() -> None:
    blocks = [re.findall(r"^```sh\n.*?^```$", page(name), re.MULTILINE | re.DOTALL) for name in (README, README_ZH)]
    assert blocks[0] == blocks[1]


@pytest.mark.parametrize("name", [README, OPERATIONS])
def test_every_block_of_commands_is_bash(name: str) -> None:
    for block in re.findall(r"^```sh\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL):
        filled = re.sub(r"<[a-zA-Z][a-zA-Z0-9' ]*>", "filled", block)
        read = subprocess.run(["bash", "-n"], input=filled, capture_output=True, text=True, check=False)
        assert read.returncode == 0, f"{read.stderr}\n{block}"


def test_the_readmes_show_the_end_of_a_real_demo() -> None:
    assert part(README, "demo") == part(README_ZH, "demo")
    assert "lost 0, every opened task closed" in part(README, "demo")


# ---- pages among themselves ------------------------------------------------------------------------------------------


def test_every_link_leads_somewhere() -> None:
    dead = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in markdown()
        for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(path.read_text(encoding="utf-8")))
        if not leads_somewhere(path, link)
    ]
    assert dead == []


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def leads_somewhere(path: Path, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True
    name, _, anchor = link.partition("#")
    target = (path.parent / name) if name else path
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


def test_every_decision_has_a_number_of_its_own_and_stands_in_the_list() -> None:
    numbers = [path.name.partition("-")[0] for path in decisions()]
    assert len(set(numbers)) == len(numbers)
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (DECISIONS / "README.md").read_text(encoding="utf-8"))
    assert listed == [path.name for path in decisions()]


@pytest.mark.parametrize("path", decisions(), ids=[path.stem for path in decisions()])
def test_a_decision_says_why_what_and_what_follows(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:3] == ["Context", "Decision", "Consequences"]


def test_no_file_names_a_place_that_only_one_machine_has() -> None:
    homes = re.compile(rb"(?<![\w.}>$/-])/(?:home|root|Users|work|mnt|srv)/[a-z]|(?<![\w.])/tmp/[a-z]/")
    found = [str(path.relative_to(ROOT)) for path in tracked() if homes.search(path.read_bytes())]
    assert found == []
