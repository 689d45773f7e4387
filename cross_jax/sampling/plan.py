"""Which slot a request goes to, and what of its prompt is computed."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from jax.sharding import Mesh

from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.slots import NewTokens
from cross_jax.sampling.request import Image, Prompt, Request
from cross_jax.sampling.slots import NO_ID, Newcomers, Room


class Job(NamedTuple):
  """A request that was read."""

  request: Request
  prompt: Prompt


@dataclasses.dataclass
class Slot:
  """What the host knows of a slot."""

  ids: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int32))  # it holds
  images: tuple[Image, ...] = ()  # among them
  job: Job | None = None  # under way; None = the slot is free
  num_reused: int = 0  # tokens of the job's prompt
  num_checked: int = 0  # tokens of the response without a stop string
  used_at: int = 0  # counts the engine's jobs


class Plan(NamedTuple):
  """Where a job goes and what of its prompt is computed."""

  job: Job
  slot: int
  source: int  # the slot that it goes on from
  start: int  # tokens kept of it, 0 = none
  grids: tuple[tuple[int, int], ...]  # of the images that are not kept
  length: int  # bucket of the tokens that are not kept

  @property
  def program(self):
    """What `insert` compiles for: (grids, length, is_fresh)."""
    return self.grids, self.length, self.start == 0


def plan_job(
  job: Job, slots: Sequence[Slot], taken: Collection[int], buckets: Sequence[int]
) -> Plan:
  """The free slot for a job, and the slot with the most of its prompt.

  A free slot at least half of which is reused is gone on with in place: it is the episode's own.
  Else the first tokens are copied, also from a slot under way, into the slot unused for longest.

  Args:
    job: to be placed.
    slots: of the engine, a free one among them.
    taken: free slots that are promised already.
    buckets: of `Room`.
  Returns:
    The plan.
  """
  prompt = job.prompt
  free = [b for b, slot in enumerate(slots) if slot.job is None and b not in taken]
  target = min(free, key=lambda b: slots[b].used_at)
  fresh = Plan(job, target, 0, 0, prompt.grids, bucket_of(len(prompt.ids), buckets))
  shared = [shared_len(prompt, slot.ids, slot.images) for slot in slots]
  source = max(range(len(slots)), key=lambda b: (shared[b], b in free))
  start = shared[source]
  if source in free and 2 * start >= len(slots[source].ids):
    target = source
  num_kept = sum(image.end <= start for image in prompt.images)
  length = bucket_of(len(prompt.ids) - start, buckets)
  plan = Plan(job, target, source, start, prompt.grids[num_kept:], length)
  # A prefix too short for a smaller bucket saves nothing.
  return fresh if (plan.grids, plan.length) == (fresh.grids, fresh.length) else plan


def shared_len(prompt: Prompt, ids: np.ndarray, images: Sequence[Image]) -> int:
  """How many first tokens of a prompt a slot holds already.

  Both ids and pictures must be the same; an image counts whole or not at all. At least one token
  of the prompt is left: its logits are those of the response's first token.

  Args:
    prompt: to be answered.
    ids: int32[n], of the tokens that the slot holds.
    images: among them, in order.
  Returns:
    Tokens, 0..len(prompt.ids) - 1.
  """
  num = min(len(prompt.ids) - 1, len(ids))
  differs = prompt.ids[:num] != ids[:num]
  num = int(np.argmax(differs)) if differs.any() else num
  for ours, theirs in zip(prompt.images, images):
    if ours.id != theirs.id:
      num = min(num, ours.start)
      break
  for image in prompt.images:
    if image.start < num < image.end:
      num = image.start
  return num


def bucket_of(num_tokens: int, buckets: Sequence[int]) -> int:
  """The smallest bucket that num_tokens fit.

  >>> bucket_of(65, (64, 128))
  128
  """
  return min(bucket for bucket in buckets if bucket >= num_tokens)


def newcomers(plans: Sequence[Plan], room: Room, config: Qwen2VLConfig) -> Newcomers:
  """The arrays of one `insert` of plans with the same program: one row, or room.num_inserts.

  Rows without a plan go nowhere.
  """
  A, length = 1 if len(plans) == 1 else room.num_inserts, plans[0].length
  zeros = lambda *shape: np.zeros((A, *shape), np.int32)
  num_patches = sum(height * width for height, width in plans[0].grids)
  tokens = NewTokens(
    slot=np.full(A, room.num_slots, np.int32), source=zeros(), start=zeros(),
    token_ids=zeros(length), num=np.ones(A, np.int32),
    positions=np.zeros((3, A, length), np.int32),
  )  # fmt: skip
  new = Newcomers(
    tokens, patches=np.zeros((A, num_patches, config.patch_dim), np.uint8),
    next_position=zeros(), seed=np.zeros(A, np.uint32), member=zeros(), limit=zeros(),
    stop_ids=np.full((A, room.max_stop_ids), NO_ID, np.int32),
  )  # fmt: skip
  for a, plan in enumerate(plans):
    request, prompt = plan.job
    num = len(prompt.ids) - plan.start
    tokens.slot[a], tokens.source[a], tokens.start[a] = plan.slot, plan.source, plan.start
    tokens.token_ids[a, :num], tokens.num[a] = prompt.ids[plan.start :], num
    tokens.positions[:, a, :num] = prompt.positions[:, plan.start :]
    new.patches[a] = request.patches[len(request.patches) - num_patches :]
    new.next_position[a], new.limit[a] = prompt.next_position, request.max_new_tokens
    new.seed[a], new.member[a] = request.seed, request.member
    new.stop_ids[a, : len(request.stop_ids)] = request.stop_ids
  return new


def check_room(room: Room, config: Qwen2VLConfig, mesh: Mesh | None) -> None:
  """Refuses sizes that no engine can have.

  Raises:
    ValueError: a size below 1, a bucket longer than a slot, slots or heads that the mesh does not
      divide.
  """
  for name, size in room._asdict().items():
    if name != "prompt_buckets" and size < (name != "max_stop_ids"):
      raise ValueError(f"{name}={size}: must be >= {int(name != 'max_stop_ids')}")
  buckets = room.prompt_buckets
  if not buckets or min(buckets) < 1 or max(buckets) > room.max_len:
    raise ValueError(
      f"prompt_buckets {buckets}: one or more lengths in 1..max_len={room.max_len}; change one of "
      "the two"
    )
  if mesh is None:
    return
  data, fsdp, tensor = (mesh.shape[axis] for axis in ("data", "fsdp", "tensor"))
  if room.num_slots % (data * fsdp):
    raise ValueError(
      f"num_slots={room.num_slots}: must be a multiple of {data * fsdp} (data {data} x fsdp "
      f"{fsdp}); change one of the two"
    )
  if config.kv_heads % tensor:
    raise ValueError(
      f"kv_heads {config.kv_heads} on a mesh with tensor {tensor}: every device holds whole "
      "key/value heads; make tensor a divisor of kv_heads"
    )
