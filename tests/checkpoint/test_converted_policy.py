"""A converted policy answers as transformers does, with a tokenizer whose ids are not ours."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from cross_jax import prompt as chat
from cross_jax.act import act
from cross_jax.checkpoint import convert
from cross_jax.checkpoint.hf_chat import read_chat
from cross_jax.checkpoint.policy import load_policy, save_policy
from cross_jax.conversation import encode_conversation
from cross_jax.models.qwen2_vl.patches import patchify
from cross_jax.rollout.prompting import Prompter
from cross_jax.tokenizer import SPECIAL_TOKENS, load_tokenizer, token_id
from tests.checkpoint import chat_folder
from tests.checkpoint.small_policy import SPEC, random_params
from tests.models import hf_twin

INSTRUCTION = "Mine an oak log."
NUM_TOKENS = 16
DOCS = Path(__file__).parents[2] / "docs" / "checkpoints.md"


def make_tokenizer():
  """Byte-level BPE as Qwen's: the special tokens come after all others."""
  tokenizer = Tokenizer(models.BPE())
  tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
  tokenizer.decoder = decoders.ByteLevel()
  alphabet = pre_tokenizers.ByteLevel.alphabet()
  trainer = trainers.BpeTrainer(vocab_size=280, initial_alphabet=alphabet, show_progress=False)
  tokenizer.train_from_iterator([INSTRUCTION, "user system assistant", "Play well."], trainer)
  tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
  return tokenizer


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
  """(transformers' model, folder of the checkpoint, folder of the policy)."""
  folder = tmp_path_factory.mktemp("converted")
  tokenizer = make_tokenizer()
  image_token_id = token_id(tokenizer, "<|image_pad|>")
  assert image_token_id > 256 and tokenizer.get_vocab_size() < 300
  config = dataclasses.replace(hf_twin.CONFIG, image_token_id=image_token_id, vocab_size=300)
  model = hf_twin.random_model(config, seed=5, tokenizer=tokenizer)
  hf_twin.save(model, folder / "hf", tokenizer)
  source, target = f"hf:{folder / 'hf'}", f"orbax:{folder / 'policy'}"
  assert convert.main(["--from", source, "--to", target]) == 0
  return model, folder / "hf", folder / "policy"


def test_without_views_it_says_what_to_write(converted):
  with pytest.raises(ValueError, match="no views.*policy.json.*sides of 8 px"):
    act(*load_policy(converted[2]), (), INSTRUCTION)


def test_the_prompt_is_the_chat_template(tmp_path):
  save_policy(tmp_path / "policy", random_params(), SPEC, load_tokenizer())
  source, target = f"orbax:{tmp_path / 'policy'}", f"hf:{tmp_path / 'hf'}"
  assert convert.main(["--from", source, "--to", target]) == 0
  theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "hf", local_files_only=True)
  # By their buckets 2, 3 and 1 image tokens of 16 px.
  pictures = [Image.new("RGB", size) for size in ((40, 20), (20, 60), (30, 30))]
  sizes = ((16, 32), (48, 16), (16, 16))
  first, second, third = ({"type": "image", "image": picture} for picture in pictures)
  messages = [
    {"role": "system", "content": "Play well."},
    {"role": "user", "content": [first, {"type": "text", "text": "Go on."}]},
    {"role": "assistant", "content": "Action: press(w)"},
    {"role": "user", "content": [second, third, {"type": "text", "text": INSTRUCTION}]},
  ]
  text = theirs.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
  pads = iter((2, 3, 1))  # as the processor does: one token per merged patch
  text = re.sub(r"<\|image_pad\|>", lambda pad: pad[0] * next(pads), text)
  expected = theirs(text, add_special_tokens=False).input_ids
  turn = chat.Turn((2,), "Go on.", "Action: press(w)")
  _, spec, tokenizer = load_policy(tmp_path / "policy")
  got = chat.build_prompt(tokenizer, (3, 1), INSTRUCTION, history=[turn], system="Play well.")
  assert got == expected
  assert got.count(token_id(tokenizer, "<|image_pad|>")) == 6
  rendered = read_chat(tmp_path / "hf", spec.model, tokenizer)
  assert encode_conversation(rendered, messages, buckets=sizes).ids.tolist() == expected


def test_it_says_what_transformers_says(converted, tmp_path):
  model, policy = converted[0], shutil.copytree(converted[2], tmp_path / "policy")
  described = json.loads((policy / "policy.json").read_text())
  described |= {"views": [[0, 0, 640, 360, 24, 16]], "max_prompt_len": 96}
  (policy / "policy.json").write_text(json.dumps(described | {"max_response_len": NUM_TOKENS}))
  params, spec, tokenizer = load_policy(policy)
  image = np.random.default_rng(3).integers(0, 256, (16, 24, 3)).astype(np.uint8)
  got = act(params, spec, tokenizer, (image,), INSTRUCTION)

  config = spec.model
  ids = Prompter(tokenizer, spec.views, config.patch, config.merge, 96).ids(INSTRUCTION)
  row = hf_twin.Row(ids, patchify(image, config.patch, config.merge), ((4, 6),))
  end = chat.end_id(tokenizer)
  out = model.generate(
    **hf_twin.hf_inputs([row], config),
    max_new_tokens=NUM_TOKENS,
    do_sample=False,
    suppress_tokens=[config.image_token_id],
    eos_token_id=end,
    pad_token_id=end,
    return_dict_in_generate=True,
    output_logits=True,
  )
  said = out.sequences[0, len(ids) :].tolist()
  assert len(set(said)) > 5
  assert got["response"] == chat.decode(tokenizer, said)
  logp = [torch.log_softmax(step[0], -1)[i].item() for step, i in zip(out.logits, said)]
  assert got["logp"] == pytest.approx(sum(logp), abs=1e-3)


def test_the_example_of_the_docs_says_what_transformers_says(tmp_path, monkeypatch, capsys):
  model = hf_twin.random_model(hf_twin.CONFIG, seed=5)
  hf_twin.save(model, tmp_path / "hf")
  folder = chat_folder.write(tmp_path / "hf")
  source, target = f"hf:{folder}", f"orbax:{tmp_path / 'runs' / 'base' / 'policy'}"
  assert convert.main(["--from", source, "--to", target]) == 0
  pixels = np.random.default_rng(4).integers(0, 256, (33, 60, 3)).astype(np.uint8)
  image = Image.fromarray(pixels)
  image.save(tmp_path / "frame.png")
  (code,) = re.findall(r"^```python\n(.*?)^```$", DOCS.read_text(), re.DOTALL | re.MULTILINE)
  monkeypatch.chdir(tmp_path)
  capsys.readouterr()
  exec(compile(code, "checkpoints.md", "exec"), {"__name__": "checkpoints"})
  printed = capsys.readouterr().out

  parts = [{"type": "image", "image": image}, {"type": "text", "text": "What is in this picture?"}]
  processor = chat_folder.processor(folder)
  inputs = processor.apply_chat_template(
    [{"role": "user", "content": parts}],
    tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True,
  )  # fmt: skip
  out = model.generate(
    **inputs,
    max_new_tokens=convert.MAX_RESPONSE_LEN,
    do_sample=False,
    suppress_tokens=[hf_twin.CONFIG.image_token_id],
    eos_token_id=chat.end_id(load_tokenizer()),
    pad_token_id=hf_twin.PAD,
  )
  said = out[0, inputs["input_ids"].shape[1] :].tolist()
  assert len(set(said)) > 5
  assert printed == chat.decode(load_tokenizer(), said) + "\n"
