"""Writes cross_jax/tokenizer.json, the tokenizer of the tiny preset.

  python -m data_pipelines.build_tokenizer           trains on tokenizer_corpus.txt
  python -m data_pipelines.build_tokenizer --corpus  rewrites tokenizer_corpus.txt first

The corpus holds the names of the world's blocks, items and mobs and the tasks' instructions. It is
committed, so that a later name does not silently change every token id: names that it does not have
are spelled in smaller pieces.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from cross_jax.actions import grammar
from cross_jax.tokenizer import SPACE_PREFIXES, SPECIAL_TOKENS

VOCAB_SIZE = 960
CORPUS = Path(__file__).with_name("tokenizer_corpus.txt")
TOKENIZER = Path(__file__).parents[1] / "cross_jax" / "tokenizer.json"
_DIGITS = set("0123456789")


def grammar_tokens() -> list[str]:
  """The strings of the response grammar and of the chat template that are one token each."""
  object_start = grammar.OBJECT_START
  point = f"{grammar.POINT_START}("
  tokens = [*SPACE_PREFIXES.values(), "user\n", "assistant\n", "system\n"]
  tokens += [*grammar.PHRASES, grammar.HOTBAR_PHRASE, grammar.NO_OP, grammar.GROUNDING_NO_OP]
  tokens += [f"{verb} {object_start}" for verb in grammar.VERBS]
  tokens += [f"{verb} {point}" for verb in grammar.VERBS]
  tokens += [f"{grammar.OBJECT_END}{point}", f"){grammar.POINT_END}"]
  tokens += [key for key in grammar.KEYS if len(key) > 1]
  tokens += ["move(", "press(", ") and press(", grammar.COMMA, grammar.AND, "<|latent_", "|>"]
  for button in grammar.CLICKS:
    tokens += [f"click({button})", f") and click({button})", f" and click({button})"]
  return [token for token in dict.fromkeys(tokens) if not _DIGITS & set(token)]


def corpus_lines() -> list[str]:
  """Names and instructions of the world, one a line, in a fixed order."""
  from cross_jax.envs.tasks.catalogue import list_tasks
  from cross_jax.envs.tasks.instructions import instructions
  from cross_jax.envs.voxel.content import tables

  lines = []
  for names in (tables.BLOCKS.names[1:], tables.MOBS.names[1:], tables.ITEMS.names[1:]):
    lines += [name.replace("_", " ") for name in names]
  for name in list_tasks():
    lines += instructions(name)
  return lines


def train(lines: Sequence[str]) -> Tokenizer:
  """The tokenizer of a corpus: the same lines give the same tokenizer.

  Args:
    lines: names and instructions.
  Returns:
    A byte-level BPE tokenizer of exactly VOCAB_SIZE tokens.
  Raises:
    ValueError: the corpus is too small for that many tokens.
  """
  tokenizer = Tokenizer(models.BPE())
  tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [
      pre_tokenizers.Digits(individual_digits=True),
      pre_tokenizers.ByteLevel(add_prefix_space=False),
    ]
  )
  tokenizer.decoder = decoders.ByteLevel()
  added = grammar_tokens()
  trainer = trainers.BpeTrainer(
    vocab_size=VOCAB_SIZE - len(added),
    special_tokens=list(SPECIAL_TOKENS),
    initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    min_frequency=1,
    show_progress=False,
  )
  tokenizer.train_from_iterator(lines, trainer)
  tokenizer.add_tokens([AddedToken(token, normalized=False) for token in added])
  if tokenizer.get_vocab_size() != VOCAB_SIZE:
    raise ValueError(
      f"{tokenizer.get_vocab_size()} tokens from {len(lines)} lines, not {VOCAB_SIZE}: give a "
      "larger corpus or lower VOCAB_SIZE"
    )
  return tokenizer


def main(argv: Sequence[str]) -> None:
  if "--corpus" in argv:
    CORPUS.write_text("".join(f"{line}\n" for line in corpus_lines()), encoding="utf-8")
  tokenizer = train(CORPUS.read_text(encoding="utf-8").splitlines())
  TOKENIZER.write_text(tokenizer.to_str(pretty=True) + "\n", encoding="utf-8")
  print(f"{TOKENIZER}: {tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
  main(sys.argv[1:])
