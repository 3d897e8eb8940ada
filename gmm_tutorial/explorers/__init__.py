"""Interactive pictures that compute in the browser: live in JupyterLab and on a page, a still picture elsewhere.

    mixture     K Gaussians, the kernel that they make, its window, the mask
    decay       how a weight falls with distance, and the way round the corner
    photo       what the patches of a photo look at, in small models that were trained

Each is one JavaScript module, with what they share in math.js, colors.js, panels.js and widgets.js. site.js wakes
them on a page.
"""

from gmm_tutorial.explorers.explorer import FOLDER, Explorer
from gmm_tutorial.explorers.pictures import decay, mixture, photo

__all__ = ["FOLDER", "Explorer", "decay", "mixture", "photo"]
