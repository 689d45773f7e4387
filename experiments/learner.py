"""What a stage trains, the policy's parameters or adapters beside them, on one device or a mesh."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax

from cross_jax import lora, sharding
from cross_jax.base import Batch
from cross_jax.checkpoint import save_params
from cross_jax.steps import init_state, make_grpo_step, make_logp_fn, make_sft_step
from experiments.build import Policy, make_initial_params
from experiments.folder import Folder

ADAPTERS = "adapters"  # folder of a stage's LoRA adapters


class Learner(NamedTuple):
  """The state that a stage trains and what belongs to it."""

  policy: Policy
  state: Any  # TrainState; its params are the policy's, or LoRA adapters
  base: Any  # the policy's parameters that the stage starts from, where it still needs them

  @property
  def is_lora(self) -> bool:
    return self.policy.lora is not None

  @property
  def frozen(self) -> tuple[Any, ...]:
    """The steps' last argument, if there is one."""
    return (self.base,) if self.is_lora else ()

  def params(self, trained: Any) -> Any:
    """The policy's parameters with what is trained in them; nothing is copied."""
    return lora.join(self.base, trained, alpha=self.policy.lora.alpha) if self.is_lora else trained

  def finish(self, trained: Any, folder: Folder, stage: str) -> Any:
    """Plain parameters of the policy; adapters are saved alone beside them."""
    if not self.is_lora:
      return trained
    alpha = self.policy.lora.alpha
    meta = {"alpha": alpha, "base": "the policy that this stage started from"}
    save_params(folder.stage(stage) / ADAPTERS, trained, meta=meta)
    return lora.merge(self.base, trained, alpha=alpha)

  def released(self) -> "Learner":
    """Without arrays in `state`, only their shapes and places, for a checkpoint to be read into.

    Before a run goes on its fresh state would be held beside the one that is read.
    """
    is_placed = self.policy.mesh is not None
    place = lambda x: x.sharding if is_placed else None
    struct = lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=place(x))
    return self._replace(state=jax.tree.map(struct, self.state))

  def step_options(self, *more: Any) -> dict[str, Any]:
    """`join` and `shardings` of a step; `more` are the shardings of arguments after the batch."""
    options: dict[str, Any] = {}
    if self.is_lora:
      options["join"] = partial(lora.join, alpha=self.policy.lora.alpha)
    if self.policy.mesh is not None:
      trees = (self.state, *self.frozen)
      state, *frozen = (_shardings(self.policy, tree) for tree in trees)
      batches = sharding.batch_shardings(self.policy.mesh)
      options["shardings"] = (state, batches, *more, *frozen)
    return options


def make_learner(
  policy: Policy, optimizer: Any, *, seed: int, params: Any, is_base_kept: bool = True
) -> Learner:
  """A stage at its start.

  Args:
    policy: of the run.
    optimizer: of the stage.
    seed: of the parameters, if they are random, and of the adapters.
    params: to start from; None for the policy's initial ones.
    is_base_kept: trained parameters are a copy of `params`, which is then `base`; without, `params`
      themselves become the state, and the caller's arrays are deleted. Adapters keep them anyway.
  """
  key = jax.random.key(seed)
  rng = jax.random.fold_in(key, 2)
  if params is None:
    params = make_initial_params(policy, seed=seed)
  if policy.lora is None:
    start = lambda params: init_state(params, optimizer, rng)
    state = _on_mesh(policy, start, params, donate=not is_base_kept)
    return Learner(policy, state, params if is_base_kept else None)
  rank, _, pattern = policy.lora

  def start(params):
    adapters = lora.init_adapters(jax.random.fold_in(key, 3), params, rank=rank, pattern=pattern)
    return init_state(adapters, optimizer, rng)

  return Learner(policy, _on_mesh(policy, start, params), params)


def make_sft(
  learner: Learner, logp_fn: Callable[..., Any], optimizer: Any, **options: Any
) -> Callable[[Any, Batch], tuple[Any, dict[str, jax.Array]]]:
  """The supervised step (state, batch of pack) -> (state, metrics); options of make_sft_step."""
  step = make_sft_step(logp_fn, optimizer, **options, **learner.step_options())
  if learner.policy.mesh is None and not learner.is_lora:
    return step
  frozen = learner.frozen
  return lambda state, batch: step(state, batch, *frozen)


def make_grpo(
  learner: Learner, logp_fn: Callable[..., Any], optimizer: Any, **options: Any
) -> tuple[Callable[..., Any], Callable[[Any, Batch], jax.Array]]:
  """(the GRPO step (state, batch, ref_logp) -> (state, metrics), the log-probs of a reference)."""
  mesh = learner.policy.mesh
  if mesh is None:
    step = make_grpo_step(logp_fn, optimizer, **options, **learner.step_options())
    reference = make_logp_fn(logp_fn)
  else:
    rows = sharding.row_sharding(mesh)
    step = make_grpo_step(logp_fn, optimizer, **options, **learner.step_options(rows))
    placed = (_shardings(learner.policy, learner.base), sharding.batch_shardings(mesh))
    reference = make_logp_fn(logp_fn, shardings=placed)
  if not learner.is_lora:
    return step, reference
  base = learner.base
  return (lambda state, batch, ref_logp: step(state, batch, ref_logp, base)), reference


def _on_mesh(
  policy: Policy, start: Callable[[Any], Any], params: Any, *, donate: bool = False
) -> Any:
  donated = (0,) if donate else ()
  if policy.mesh is None:
    return jax.jit(start, donate_argnums=donated)(params) if donated else start(params)
  placed = _shardings(policy, jax.eval_shape(start, params))
  return jax.jit(start, out_shardings=placed, donate_argnums=donated)(params)


def _shardings(policy: Policy, tree: Any) -> Any:
  rules = sharding.qwen2_vl_rules(policy.model, policy.mesh)
  return sharding.tree_shardings(tree, policy.mesh, rules)
