"""Several processes that train one model together, each with its part of every batch, as torchrun starts them.

    torchrun --nproc-per-node 2 -m gmm_tutorial train ...

A training that was not started so is alone: everything here then does nothing.
"""

import atexit
import os
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


class World(NamedTuple):
    """Which process this is, and of how many."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether it is this one that prints and writes."""
        return self.rank == 0


def join() -> World:
    """Meet the other processes that torchrun has started; once is enough, more often does no harm.

    By NCCL on GPUs, one each, else by gloo. Raises RuntimeError when a process has no GPU for itself.
    """
    if dist.is_torchelastic_launched() and not dist.is_initialized():
        if torch.cuda.is_available():
            local, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
            if local >= gpus:
                raise RuntimeError(
                    f"--nproc-per-node is more than {local}, but there are {gpus} GPUs, and each process needs one"
                )
            torch.cuda.set_device(local)
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        atexit.register(dist.destroy_process_group)
    return world()


def world() -> World:
    """The processes that have joined: this one alone unless there are others."""
    return World(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else World()


def distributed(model: nn.Module) -> nn.Module:
    """The model, its gradients from now on the mean over all processes, its weights those of the first one.

    Batch norms use the images that their own process sees, so many fewer.
    """
    if world().size == 1:
        return model
    where = next(model.parameters()).device
    # buffers are shared once an epoch (`share_buffers`): most never change
    return DistributedDataParallel(model, [where] if where.type == "cuda" else None, broadcast_buffers=False)


def share_buffers(model: nn.Module) -> None:
    """Give every process the buffers of the first: the statistics of batch norms, of which each has its own."""
    if world().size > 1:
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)


def total(values: Tensor, world: World) -> Tensor:
    """The sum over all processes of a world, in place."""
    if world.size > 1:
        dist.all_reduce(values)
    return values


def agree(value: bool) -> bool:
    """What the first process says. All wait here for it."""
    if world().size == 1:
        return value
    said = torch.tensor(int(value), device="cuda" if dist.get_backend() == "nccl" else "cpu")
    dist.broadcast(said, src=0)
    return bool(said)
