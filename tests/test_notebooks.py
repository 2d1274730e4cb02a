"""The notebooks: how they are built, that what they show is true, and that they run on another dataset."""

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from influgraph import synthetic

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
LAST_SECTIONS = ["## What we learned", "## Where this can mislead", "## What next"]

each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def load_execute() -> ModuleType:
    """Import `notebooks/execute.py`, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def shown(path: Path) -> str:
    """Every text that a reader may meet in the stored outputs, pictures apart."""
    texts = []
    for cell in code_cells(path):
        for output in cell.outputs:
            data = {kind: text for kind, text in output.get("data", {}).items() if kind != "image/png"}
            texts += [output.get("text", ""), *data.values()]
    return "\n".join(texts)


def test_the_notebooks_are_there() -> None:
    assert [path.stem[:2] for path in PATHS] == ["00", "01", "02", "03", "04", "05", "06", "07", "08", "10"]


@each_notebook
def test_title_is_a_question_that_the_first_paragraph_answers_with_a_number(path: Path) -> None:
    title, answer = prose(path).split("\n\n")[:2]
    assert re.fullmatch(r"# [^\n]+\?", title)
    assert re.search(r"\*\*[\d.,]+( %)?\*\*", answer)


@each_notebook
def test_length(path: Path) -> None:
    lines = [len(cell.source.splitlines()) for cell in code_cells(path)]
    assert 10 <= len(lines) <= 20
    assert max(lines) <= 12
    assert np.median(lines) <= 4
    assert 500 <= len(prose(path).split()) <= 1000
    assert path.stat().st_size <= 400_000


@each_notebook
def test_last_sections(path: Path) -> None:
    assert re.findall(r"^## .+", prose(path), flags=re.MULTILINE)[-3:] == LAST_SECTIONS


@each_notebook
def test_code_only_calls_the_package(path: Path) -> None:
    code = "\n".join(cell.source for cell in code_cells(path))
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    assert not any(isinstance(part, definitions) for part in ast.walk(ast.parse(code)))
    assert not re.search(r"sys\.path|^[!%]|matplotlib|seaborn", code, flags=re.MULTILINE)
    assert "assert not demo or" in code


@each_notebook
def test_one_cell_of_parameters_names_data_and_seed(path: Path) -> None:
    tagged = [cell for cell in code_cells(path) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = [part.targets[0].id for part in ast.parse(tagged[0].source).body]
    assert names == ["DATA", "SEED"]


@each_notebook
def test_outputs_are_stored_whole_and_in_order(path: Path) -> None:
    cells = code_cells(path)
    outputs = [output for cell in cells for output in cell.outputs]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert not any(output.get("name") == "stderr" for output in outputs)


@each_notebook
def test_nothing_stored_tells_of_the_machine(path: Path) -> None:
    assert not re.search(
        r"/(home|root|tmp|work|Users|usr)/|[A-Z]:\\|0x[0-9a-f]{6}|site-packages", shown(path)
    )
    notebook = read(path)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert {key for cell in notebook.cells for key in cell.metadata} <= {"tags"}
    assert b"Software" not in path.read_bytes()


@each_notebook
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", prose(path)):
        assert (FOLDER / target).is_file()


@each_notebook
def test_storing_again_changes_nothing(path: Path) -> None:
    assert load_execute().stored(read(path), path.stem) == path.read_text("utf-8")


def test_storing_merges_printed_text_and_drops_what_varies() -> None:
    def printed(text: str) -> NotebookNode:
        return nbformat.v4.new_output("stream", name="stdout", text=text)

    cell = nbformat.v4.new_code_cell("1", metadata={"execution": {"iopub.status.busy": "2024-01-01"}})
    cell.outputs = [printed("one "), printed("two")]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {"duration": 1.0}})
    text = load_execute().stored(notebook, "name")
    again = nbformat.reads(text, as_version=4)
    assert "2024" not in text
    assert "papermill" not in text
    assert again.cells[0].id == "name-00"
    assert [output.text for output in again.cells[0].outputs] == ["one two"]


@pytest.fixture(scope="session")
def second_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks") / "second"
    settings = synthetic.WorldSettings(accounts=600, reruns=2)
    synthetic.write_world(synthetic.make_world(settings, rng=np.random.default_rng(11)), folder)
    return folder


# The kernel's own libraries warn about themselves (deprecations, sockets left open when a kernel ends).
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@each_notebook
def test_runs_on_another_dataset(path: Path, second_world: Path) -> None:
    notebook = load_execute().execute(path, DATA=str(second_world), SEED=3)
    shown_now = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for some in shown_now for output in some]
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)
    assert outputs
