"""Spatial priors in attention, built from nothing: the small reference module behind the lessons.

    the reference   windows  grid  decay  rotary  priors  attention  plug  retention  manhattan  models
    looking         analysis  figures  explorers
    measuring       data  train  results  runs
    the course      learn  course  cli

Imports point upwards in this list: the reference knows nothing of the rest, `data` and what looks know the reference,
and `train`, `results`, `runs`, `course` and `cli` each know those before them. What is listed in `__all__` can be
imported from here, and loads its module only then.
"""

from gmm_tutorial._lazy import lazy

__version__ = "0.1.0"

_MODULES = {
    "attention": ("Attention", "attention_weights", "install_priors"),
    "grid": ("unfold_kernel",),
    "manhattan": ("ManhattanAttention", "decomposed_manhattan_attention", "manhattan_attention"),
    "models": ("create_model", "list_models", "load_published"),
    "plug": ("plug_in", "unplug"),
    "priors": (
        "ALiBi2d",
        "ElementwiseMask",
        "FreeKernel",
        "FrozenMixture",
        "GaussianMixtureMask",
        "ManhattanDecay",
        "Prior",
        "Temperature",
        "list_priors",
    ),
    "retention": ("MultiScaleRetention", "chunkwise", "parallel", "recurrent"),
}
_EXPORTS = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}
# the module of this name can be called, so that both `attention(q, k, v)` and `attention.attention_weights` work
_EXPORTS["attention"] = f"{__name__}.attention"

__all__ = [*_EXPORTS]
__getattr__, __dir__ = lazy(__name__, _EXPORTS)
