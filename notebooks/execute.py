"""Execute every notebook in a fresh kernel on the bundled demo, and store what it shows: `make notebooks`.

What would differ from run to run is dropped, so that the same code and data give the same bytes.
"""  # noqa: INP001 - a script beside the notebooks, not part of a package

import base64
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).parent
LARGEST = 400_000  # bytes
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
PNG_START = 8  # bytes before the first chunk
DRAWN = {b"IHDR", b"PLTE", b"tRNS", b"pHYs", b"IDAT", b"IEND"}


def execute(path: Path, **parameters: object) -> NotebookNode:
    """Run a notebook in its own folder; a cell that fails raises."""
    return papermill.execute_notebook(
        path, None, parameters=parameters, cwd=path.parent, kernel_name="python3", progress_bar=False
    )


def stored(notebook: NotebookNode, name: str) -> str:
    """Text of a notebook without what varies: ids by place, tags alone, pictures without their maker."""
    cells = []
    for place, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags")
        steady = {"id": f"{name}-{place:02d}", "metadata": {"tags": tags} if tags else {}}
        outputs = {"outputs": list(_merged(cell.outputs))} if cell.cell_type == "code" else {}
        cells.append(NotebookNode(cell | steady | outputs))
    steady_notebook = NotebookNode(nbformat=4, nbformat_minor=5, metadata=METADATA, cells=cells)
    nbformat.validate(steady_notebook)
    return nbformat.writes(steady_notebook) + "\n"


def _merged(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Outputs with printed text in one piece per stream, however it arrived, and plain pictures."""
    printed: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in printed:
            printed[output.name].text += output.text
            continue
        if output.output_type == "stream":
            printed[output.name] = output
        elif "image/png" in output.get("data", {}):
            output.data["image/png"] = _plain_png(output.data["image/png"])
            output.metadata = {}
        yield output


def _plain_png(encoded: str) -> str:
    """Return a picture without the chunks that say what drew it, and when."""
    picture = base64.b64decode(encoded)
    kept, start = picture[:PNG_START], PNG_START
    while start < len(picture):
        end = start + 12 + int.from_bytes(picture[start : start + 4], "big")
        if picture[start + 4 : start + 8] in DRAWN:
            kept += picture[start:end]
        start = end
    return base64.b64encode(kept).decode()


def main() -> None:
    """Execute and store the notebooks named on the command line, or all."""
    os.environ.pop("INFLUGRAPH_KEY", None)  # pseudonyms of the demo are the same for everyone
    paths = [Path(name) for name in sys.argv[1:]] or sorted(NOTEBOOKS.glob("*.ipynb"))
    for path in paths:
        start = time.perf_counter()
        text = stored(execute(path.resolve()), path.stem)
        size = len(text.encode())
        if size > LARGEST:
            raise SystemExit(f"{path.name}: {size:,} bytes with its outputs; at most {LARGEST:,} are allowed")
        path.write_text(text, "utf-8")
        print(f"{path.name}: {time.perf_counter() - start:.0f} s, {size / 1000:,.0f} kB")  # noqa: T201 - progress


if __name__ == "__main__":
    main()
