"""How `gmm-tutorial lab` hands out notebooks: with what JupyterLab would write into them at once.

When JupyterLab opens a notebook, it stores in it how the kernel describes itself, including its version of Python. The
committed notebooks hold no version, so each of them would be marked as changed as soon as it is opened. The server
therefore fills in the same description when it reads the file. The file on the disk changes only when it is saved.
"""

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelspec import KERNEL_NAME, get_kernel_dict
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class Contents(AsyncLargeFileManager):
    """JupyterLab's own files. jupyter/jupyter_server_config.json names this class."""

    async def get(self, path: str, *args: Any, **options: Any) -> dict[str, Any]:
        """A file, as JupyterLab asks for it; notebooks for Python describe the kernel that they will run in."""
        model: dict[str, Any] = await super().get(path, *args, **options)
        if model["type"] == "notebook" and model["content"]:
            describe(model["content"]["metadata"])
        return model


def describe(metadata: dict[str, Any]) -> None:
    """Put the description of this machine's Python kernel into the metadata of a notebook for that kernel."""
    if metadata.get("kernelspec", {}).get("name") == KERNEL_NAME:
        spec = get_kernel_dict()
        metadata["kernelspec"] = {"name": KERNEL_NAME, **{key: spec[key] for key in ("display_name", "language")}}
        metadata["language_info"] = IPythonKernel.language_info
