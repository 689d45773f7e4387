"""The most memory that a side holds beyond its weights: main memory, or the accelerator's."""

import jax

from benchmarks import machine


class OurMemory:
  """Counts from what is held when it is made."""

  def __init__(self, device: str):
    self._is_cpu = device == "cpu"
    self._base = machine.resident_bytes() if self._is_cpu else self._stats()["bytes_in_use"]

  def _stats(self):
    return jax.devices()[0].memory_stats()

  def reset_peak(self) -> None:
    """Forgets earlier peaks (JAX cannot, on an accelerator)."""
    if self._is_cpu:
      machine.reset_peak()

  def peak_bytes(self) -> int:
    peak = machine.resident_bytes("VmHWM") if self._is_cpu else self._stats()["peak_bytes_in_use"]
    return peak - self._base


class PeerMemory:
  """Counts from what is held when it is made."""

  def __init__(self, device: str):
    import torch

    self._cuda = None if device == "cpu" else torch.cuda
    self._base = machine.resident_bytes() if device == "cpu" else self._cuda.memory_allocated()

  def reset_peak(self) -> None:
    """Forgets earlier peaks."""
    if self._cuda is None:
      machine.reset_peak()
    else:
      self._cuda.reset_peak_memory_stats()

  def peak_bytes(self) -> int:
    if self._cuda is None:
      return machine.resident_bytes("VmHWM") - self._base
    return self._cuda.max_memory_allocated() - self._base
