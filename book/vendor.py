"""MathJax, from the npm registry: a pinned version, believed only when its checksum is right, kept in the cache."""

import base64
import hashlib
import io
import os
import tarfile
from pathlib import Path

import platformdirs
import requests

MATHJAX = "3.2.2"
# the `integrity` that the registry gives for this version
SHA512 = "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw=="
# of the 6 MB archive, what a page of ours loads: one script, and its fonts
WANTED = ("package/es5/tex-chtml.js", "package/es5/output/chtml/fonts/woff-v2/", "package/LICENSE")
ANSWER = 60.0  # seconds


class VendorError(RuntimeError):
    """A script that the site needs is not to be had; the text says what was tried and what can be done."""


def mathjax(folder: Path) -> None:
    """Unpack MathJax into a folder. Raises VendorError when the registry does not have it, or has another one."""
    with tarfile.open(fileobj=io.BytesIO(archive()), mode="r:gz") as package:
        for member in package.getmembers():
            if member.isfile() and member.name.startswith(WANTED) and (file := package.extractfile(member)):
                path = folder / member.name.removeprefix("package/").removeprefix("es5/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.read())


def archive() -> bytes:
    """The bytes of the package, from the cache or the registry."""
    cache = Path(os.environ.get("GMM_TUTORIAL_CACHE") or platformdirs.user_cache_dir("gmm-tutorial")) / "book"
    path = cache / f"mathjax-{MATHJAX}.tgz"
    if path.exists() and checksum(path.read_bytes()) == SHA512:
        return path.read_bytes()
    registry = os.environ.get("NPM_CONFIG_REGISTRY", "https://registry.npmjs.org").rstrip("/")
    url = f"{registry}/mathjax/-/mathjax-{MATHJAX}.tgz"
    try:
        response = requests.get(url, timeout=ANSWER)
        response.raise_for_status()
    except requests.RequestException as error:
        raise VendorError(
            f"MathJax {MATHJAX} could not be fetched from {url}: {error}\n"
            f"Put that file into {cache}, or name your registry in NPM_CONFIG_REGISTRY."
        ) from None
    if (found := checksum(response.content)) != SHA512:
        raise VendorError(f"{url} has the sha512 {found}, but it must be {SHA512}")
    cache.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(response.content)
    partial.replace(path)
    return response.content


def checksum(content: bytes) -> str:
    """The sha512 of some bytes, as npm writes it."""
    return base64.b64encode(hashlib.sha512(content).digest()).decode()
