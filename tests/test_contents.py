"""How notebooks are handed to JupyterLab: described as JupyterLab would describe them, and unchanged on the disk."""

import asyncio
import json
import sys

import nbformat
import pytest
from traitlets.utils.importstring import import_item

from gmm_tutorial.course.contents import Contents, describe
from gmm_tutorial.course.locate import JUPYTER
from gmm_tutorial.course.tidy import METADATA


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(metadata=METADATA), path)
    return path


def test_the_server_is_told_to_use_it():
    settings = json.loads((JUPYTER / "jupyter_server_config.json").read_text())
    assert import_item(settings["ServerApp"]["contents_manager_class"]) is Contents


def test_a_notebook_is_described_and_the_file_stays_as_it_is(notebook):
    before = notebook.read_bytes()
    model = asyncio.run(Contents(root_dir=str(notebook.parent)).get("lesson.ipynb"))
    metadata = model["content"]["metadata"]
    assert metadata["language_info"]["version"] == sys.version.split()[0]
    assert metadata["kernelspec"] == {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    assert notebook.read_bytes() == before


def test_what_is_no_notebook_or_not_read_passes_through(notebook):
    contents = Contents(root_dir=str(notebook.parent))
    assert asyncio.run(contents.get("lesson.ipynb", content=False))["content"] is None
    assert [each["name"] for each in asyncio.run(contents.get(""))["content"]] == ["lesson.ipynb"]


@pytest.mark.parametrize("metadata", [{}, {"kernelspec": {"name": "ir"}, "language_info": {"name": "R"}}])
def test_a_notebook_for_another_kernel_is_left_alone(metadata):
    kept = json.loads(json.dumps(metadata))
    describe(metadata)
    assert metadata == kept
