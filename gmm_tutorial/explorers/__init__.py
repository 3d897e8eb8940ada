"""Interactive pictures that compute in the browser: live in JupyterLab and on a page, a still picture elsewhere.

    mixture     K Gaussians, the kernel that they make, its window, the mask
    decay       how a weight falls with distance, and the way round the corner
    photo       what the patches of a photo look at, in small models that were trained
    bench       two models to be chosen, trained and compared, which needs a kernel; a finished comparison elsewhere
    live        three small trained models, run whole in the browser on a picture that the reader can change

Each is one JavaScript module; what they share is in other modules beside it. site.js wakes them on a page.
"""

from gmm_tutorial._lazy import lazy
from gmm_tutorial.explorers.explorer import FOLDER, Explorer
from gmm_tutorial.explorers.live_models import live
from gmm_tutorial.explorers.pictures import decay, mixture, photo

__all__ = ["FOLDER", "Explorer", "bench", "decay", "live", "mixture", "photo"]
# what trains is imported when it is used: whoever only looks does without `runs`
__getattr__, _ = lazy(__name__, {"bench": f"{__name__}.workbench"})


def __dir__() -> list[str]:
    """All of it, so that the reference in the book has an entry for each."""
    return sorted(__all__)
