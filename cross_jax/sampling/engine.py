"""Continuous batching on the host: requests in, responses out in the order in which they end."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from cross_jax.models.qwen2_vl.cache import unstack_params
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.sampling import slots as device
from cross_jax.sampling.choose import Rules, check_rules
from cross_jax.sampling.plan import Job, Plan, Slot, check_room, newcomers, plan_job
from cross_jax.sampling.request import Finished, Request, read_request
from cross_jax.sampling.stop_strings import Decode, find_stop


class Progress(NamedTuple):
  """How far an engine is."""

  num_finished: int  # responses since it was made
  num_tokens: int  # of theirs
  num_active: int  # responses under way
  num_queued: int  # requests that wait for a slot


class Engine:
  """Answers requests in slots that take the next request as soon as a response ends.

  A response depends on its own request only: it is, token for token, that of `make_sampler` to the
  same prompt, key and member. A prompt that begins with what some slot holds, ids and pictures, is
  prefilled only from there on; what is sampled is the same, up to the rounding of the logits.

  Nothing is compiled after the first prompt of each kind: a kind is the bucket that its new tokens
  are padded to, the grids of its new images, and whether it begins anew or goes on; a prefill of
  several at a time is one more.
  """

  def __init__(
    self,
    params: Any,
    config: Qwen2VLConfig,
    room: device.Room,
    *,
    temperature: float,
    top_p: float = 1.0,
    top_k: int = 0,
    min_p: float = 0.0,
    logp_temperature: float = 1.0,
    decode: Decode | None = None,
    check_every: int = 8,
    mesh: Mesh | None = None,
  ):
    """An engine with idle slots.

    Args:
      params: of the model; placed on the mesh if there is one (`sharding.tree_shardings`).
      config: of the model; with is_scanned=False decoding is faster and compiles for longer.
      room: the fixed sizes.
      temperature, top_p, top_k, min_p, logp_temperature: see `make_sampler`.
      decode: ids of a response to its text, without the end token; needed for stop strings.
      check_every: tokens between two looks for stop strings.
      mesh: of `sharding.make_mesh`: slots are spread over 'data' and 'fsdp', key/value heads over
        'tensor'.
    Raises:
      ValueError: a number out of range, or slots or heads that the mesh does not divide.
    """
    rules = Rules(temperature, top_k, top_p, min_p, logp_temperature, config.image_token_id)
    check_rules(rules, config.vocab_size, check_every=check_every)
    check_room(room, config, mesh)
    self.room, self._decode, self._check_every = room, decode, check_every
    self._spec = device.EngineSpec(config, rules, mesh)
    self._state = device.empty_state(config, room, mesh)
    self._slots = [Slot() for _ in range(room.num_slots)]
    self._queue: deque[Job] = deque()
    self._finished: deque[Finished] = deque()
    self._counter = self._num_finished = self._num_tokens = 0
    self.set_params(params)

  def set_params(self, params: Any) -> None:
    """Takes other parameters; what the slots hold is of the old ones, and is forgotten.

    Raises:
      RuntimeError: responses are under way.
    """
    num_active = self.progress().num_active
    if num_active:
      raise RuntimeError(
        f"set_params with {num_active} responses under way: they would be of two policies; take "
        "all of run() first"
      )
    self._params = jax.jit(unstack_params, static_argnums=1)(params, self._spec.config)
    self._slots = [Slot() for _ in self._slots]

  def submit(self, request: Request) -> None:
    """Queues a request, also while `run` is being iterated over.

    Raises:
      ValueError: it does not fit (see `read_request`), or has stop strings and the engine has no
        `decode`.
    """
    if request.stop_strings and self._decode is None:
      raise ValueError(
        f"stop strings {request.stop_strings} in an engine without `decode`: give it the "
        "tokenizer's, ids to text"
      )
    prompt = read_request(request, self._spec.config, self.room)
    self._queue.append(Job(request, prompt))

  def progress(self) -> Progress:
    """How far the engine is."""
    num_active = sum(slot.job is not None for slot in self._slots)
    return Progress(self._num_finished, self._num_tokens, num_active, len(self._queue))

  def run(
    self,
    requests: Iterable[Request] = (),
    *,
    on_progress: Callable[[Progress], None] | None = None,
  ) -> Iterator[Finished]:
    """Answers all that is queued, and `requests`, until nothing is left.

    Args:
      requests: more of them, taken only when a slot is free.
      on_progress: called whenever the device was waited for.
    Yields:
      Responses in the order in which they end.
    Raises:
      ValueError: one of `requests` does not fit; the engine goes on with the others if it is run
        again.
    """
    requests = iter(requests)
    while True:
      while self._finished:  # kept by the engine: a caller may leave the loop and come back
        yield self._finished.popleft()
      self._fill(requests)
      if not self.progress().num_active:
        return
      self._advance()
      if on_progress is not None:
        on_progress(self.progress())

  def _fill(self, requests: Iterator[Request]) -> None:
    """Puts requests into the free slots, as many at a time as one prefill takes."""
    while num_free := sum(slot.job is None for slot in self._slots):
      while len(self._queue) < num_free and (request := next(requests, None)) is not None:
        self.submit(request)
      plans: list[Plan] = []
      while self._queue and len(plans) < min(num_free, self.room.num_inserts):
        taken = {plan.slot for plan in plans}
        plan = plan_job(self._queue[0], self._slots, taken, self.room.prompt_buckets)
        if plans and plan.program != plans[0].program:
          break
        plans.append(plan)
        self._queue.popleft()
      if not plans:
        return
      self._insert(plans)

  def _insert(self, plans: list[Plan]) -> None:
    grids, _, is_fresh = plans[0].program
    new = newcomers(plans, self.room, self._spec.config)
    self._state = device.insert(
      self._params, self._state, new, spec=self._spec, grids=grids, is_fresh=is_fresh
    )
    for plan in plans:
      self._counter += 1
      prompt = plan.job.prompt
      self._slots[plan.slot] = Slot(
        prompt.ids, prompt.images, plan.job, num_reused=plan.start, used_at=self._counter
      )

  def _advance(self) -> None:
    """Decodes until a response ends, or it is time to look for stop strings."""
    jobs = [slot.job for slot in self._slots]
    is_wanted = np.asarray([job is not None for job in jobs])
    has_strings = any(job is not None and job.request.stop_strings for job in jobs)
    num_steps = np.int32(self._check_every if has_strings else self.room.max_new_tokens)
    state = device.decode(self._params, self._state, is_wanted, num_steps, spec=self._spec)
    self._state = state
    # Copies: the next call takes the arrays themselves.
    is_active, step, ids, logp = (
      np.array(x) for x in (state.is_active, state.step, state.ids, state.logp)
    )
    for b in np.flatnonzero(is_wanted):
      num, slot = step[b], self._slots[b]
      done = self._finish(slot, ids[b, :num], logp[b, :num], bool(is_active[b]))
      slot.num_checked = num
      if done is not None:
        # The keys of the newest token are not computed yet.
        slot.ids, slot.job = np.concatenate([slot.ids, ids[b, : num - 1]]), None
        self._finished.append(done)
        self._num_finished += 1
        self._num_tokens += len(done.ids)

  def _finish(self, slot: Slot, ids, logp, is_active: bool) -> Finished | None:
    """The response of a slot, None if it goes on."""
    request = slot.job.request
    if request.stop_strings:
      found = find_stop(self._decode, ids, slot.num_checked, request.stop_strings)
      if found is not None:
        num, text = found
        return Finished(request, ids[:num], logp[:num], text, "stop_string", slot.num_reused)
    if is_active:
      return None
    text = None if self._decode is None else self._decode(ids)
    reason = "stop_id" if int(ids[-1]) in request.stop_ids else "max_new_tokens"
    return Finished(request, ids, logp, text, reason, slot.num_reused)
