"""TRL's side of the GRPO benchmark."""

import collections
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import command_line, machine, peak_memory, sides, twins
from benchmarks.grpo_arrays import CLIP, KL_COEF, WARMUP_STEPS, advantages, off_policy
from benchmarks.sft_step import MAX_GRAD_NORM, peer_optimizer


def peer(work: twins.Work, *, is_checkpointed: bool, is_fused: bool) -> Iterator[sides.Report]:
  """TRL's loss and an update, as a side.

  Args:
    work: of both sides.
    is_checkpointed: gradient checkpointing, TRL's default.
    is_fused: TRL's fused head; without it the logits of the response tokens at once.
  """
  import torch
  from trl.trainer.utils import add_fused_lm_head

  command_line.prepare_process(work.device, is_memory_kept=False)
  model, reference = twins.peer_model(work).train(), twins.peer_model(work).eval()
  if is_checkpointed:
    model.activation_checkpointing_enable({"use_reentrant": False})
  if is_fused:
    add_fused_lm_head(model, outputs=("log_probs", "entropy"))
    add_fused_lm_head(reference)
  inputs, scoring = peer_arrays(work)
  trainer = make_trainer(model, is_fused=is_fused)
  memory = peak_memory.PeerMemory(work.device)
  memory.reset_peak()
  optimizer = peer_optimizer(model)

  def reference_logp():
    with torch.no_grad():
      return trainer._get_per_token_logps_and_entropies(reference, **scoring)[0]

  def update() -> float:
    optimizer.zero_grad(set_to_none=True)
    loss = trainer._compute_loss(model, inputs)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
    optimizer.step()
    return loss.item()  # waits for the device

  noise = torch.from_numpy(off_policy(work).reshape(-1, work.response_len))
  inputs["old_per_token_logps"] = reference_logp() + noise.to(twins.peer_device(work))
  losses = []
  for _ in range(WARMUP_STEPS):
    inputs["ref_per_token_logps"] = reference_logp()
    losses.append(update())
  kl = trainer._metrics["train"]["kl"][-1]
  report = {"losses": losses, "kl": kl, "peak_bytes": memory.peak_bytes()}
  yield {**report, **command_line.peer_device(work)}

  def whole_update():
    inputs["ref_per_token_logps"] = reference_logp()
    update()

  while True:
    yield {**machine.timed(whole_update), "peak_bytes": memory.peak_bytes()}


def peer_arrays(work: twins.Work) -> tuple[dict[str, Any], dict[str, Any]]:
  """(inputs of `_compute_loss`, arguments of `_get_per_token_logps_and_entropies`)."""
  import torch

  rows = twins.rows(work)
  prompts = [row for row in rows for _ in row.responses]
  responses = np.stack([response for row in rows for response in row.responses])
  both = twins.peer_inputs(work, prompts, responses)
  prompt_len = both["input_ids"].shape[1] - work.response_len
  pictures = {name: both[name] for name in ("pixel_values", "image_grid_thw", "mm_token_type_ids")}
  pictures["num_images"] = [1] * len(prompts)
  scoring = {
    "input_ids": both["input_ids"],
    "attention_mask": both["attention_mask"],
    "logits_to_keep": work.response_len,
    **pictures,
  }
  inputs = {
    "prompt_ids": both["input_ids"][:, :prompt_len],
    "prompt_mask": both["attention_mask"][:, :prompt_len],
    "completion_ids": both["input_ids"][:, prompt_len:],
    "completion_mask": both["attention_mask"][:, prompt_len:],
    "advantages": torch.tensor(advantages(work).reshape(-1), device=twins.peer_device(work)),
    **pictures,
  }
  return inputs, scoring


def make_trainer(model: Any, *, is_fused: bool) -> Any:
  """A GRPOTrainer with what its loss reads and no data set: token mean, uncorrected KL."""
  from accelerate import Accelerator
  from trl import GRPOTrainer
  from trl.trainer.utils import selective_log_softmax_and_entropy

  class ResponseLogits(GRPOTrainer):
    """Its loss on the stock model's logits of the response tokens."""

    def _get_per_token_logps_and_entropies(
      self, model, input_ids, attention_mask, logits_to_keep, compute_entropy=False, **inputs
    ):
      names = ("pixel_values", "image_grid_thw", "mm_token_type_ids")
      logits = model(
        input_ids=input_ids, attention_mask=attention_mask, logits_to_keep=logits_to_keep + 1,
        use_cache=False, **{name: inputs[name] for name in names},
      ).logits[:, :-1]  # fmt: skip
      logp, entropy = selective_log_softmax_and_entropy(
        logits, input_ids[:, -logits_to_keep:], entropy_requires_grad=False
      )
      return logp, entropy if compute_entropy else None, None

  kind = GRPOTrainer if is_fused else ResponseLogits
  trainer = object.__new__(kind)
  settings = {
    "model": model,
    "accelerator": Accelerator(cpu=model.device.type == "cpu"),
    "args": types.SimpleNamespace(use_bias_correction_kl=False, delta=None),
    "aux_loss_enabled": False,
    "top_entropy_quantile": 1.0,
    "off_policy_mask_threshold": None,
    "importance_sampling_level": "token",
    "beta": KL_COEF,
    "loss_type": "bnpo",  # the mean over the batch's tokens, as ours
    "epsilon_low": CLIP,
    "epsilon_high": CLIP,
    "use_vllm": False,
    "current_gradient_accumulation_steps": 1,
    "_entropy_bonus_enabled": False,
    "_metrics": {"train": collections.defaultdict(list)},
  }
  trainer.__dict__.update(settings)
  return trainer
