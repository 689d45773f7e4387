"""The numbers that define a Qwen2-VL policy: presets `tiny`, `2b` and `7b`."""

import dataclasses

# Of the large presets: the logits of 64 tokens of a row are 37 MiB, whatever the row's length.
LOGIT_CHUNK = 64
REMAT = "full"  # also of the large presets; docs/scaling.md compares the policies
REMAT_POLICIES = ("none", "dots", "full")
_SIZES = (
  "patch", "merge", "temporal_patch", "vision_width", "vision_depth", "vision_heads",
  "vision_mlp_ratio", "width", "depth", "heads", "kv_heads", "head_dim", "mlp_width", "vocab_size",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Qwen2VLConfig:
  """Plain numbers, hashable, so that a config can be a static argument of `jax.jit`."""

  # Vision tower.
  patch: int  # px, side of a patch
  merge: int  # patches, side of the square that becomes one image token
  temporal_patch: int  # frames of the patch kernel; a still image fills all of them
  vision_width: int
  vision_depth: int
  vision_heads: int
  vision_mlp_ratio: int
  # Decoder.
  width: int
  depth: int
  heads: int  # query heads
  kv_heads: int
  head_dim: int
  mlp_width: int
  vocab_size: int
  rope_theta: float
  mrope_section: tuple[int, int, int]  # frequencies turned by the time, height, width position
  rms_norm_eps: float
  is_tied: bool  # the output projection is the embedding table
  # Token ids the model itself must know.
  image_token_id: int  # <|image_pad|>
  # How it runs.
  dtype: str = "float32"  # of activations
  param_dtype: str = "float32"
  is_scanned: bool = False  # layers in one lax.scan (small program) or unrolled (fast when tiny)
  logit_chunk: int = 0  # response tokens of a row whose logits exist at a time in training, 0 = all
  remat: str = "none"  # what a layer keeps for its gradient, of REMAT_POLICIES (remat.py)

  def __post_init__(self):
    for name in _SIZES:
      if not (isinstance(getattr(self, name), int) and getattr(self, name) >= 1):
        raise ValueError(f"{name} {getattr(self, name)!r}: must be a whole number of at least 1")
    if len(self.mrope_section) != 3 or min(self.mrope_section) < 0:
      raise ValueError(
        f"mrope_section {self.mrope_section}: must be three numbers (time, height, width), none "
        "below 0"
      )
    if self.heads % self.kv_heads:
      raise ValueError(
        f"heads {self.heads} with kv_heads {self.kv_heads}: every key/value head serves an equal "
        "number of query heads; make heads a multiple of kv_heads"
      )
    if 2 * sum(self.mrope_section) != self.head_dim:
      raise ValueError(
        f"mrope_section {self.mrope_section} with head_dim {self.head_dim}: the sections must sum "
        f"to head_dim / 2 = {self.head_dim // 2}"
      )
    if self.vision_width % (4 * self.vision_heads):
      raise ValueError(
        f"vision_width {self.vision_width} with vision_heads {self.vision_heads}: the head width "
        "must be a multiple of 4 (two axes, two halves)"
      )
    if self.logit_chunk < 0:
      raise ValueError(f"logit_chunk {self.logit_chunk}: must be 0 (all at once) or above")
    if self.remat not in REMAT_POLICIES:
      raise ValueError(f"remat {self.remat!r}: must be one of {', '.join(REMAT_POLICIES)}")

  @property
  def patch_dim(self) -> int:
    """Bytes of one patch of a still image, 3 * patch**2."""
    return 3 * self.patch**2

  @property
  def vision_head_dim(self) -> int:
    return self.vision_width // self.vision_heads


def tiny() -> Qwen2VLConfig:
  """3.1 million parameters, for the embedded world on a CPU; with this project's tokenizer."""
  return Qwen2VLConfig(
    patch=8,
    merge=2,
    temporal_patch=2,
    vision_width=96,
    vision_depth=3,
    vision_heads=4,
    vision_mlp_ratio=4,
    width=192,
    depth=5,
    heads=6,
    kv_heads=2,
    head_dim=32,
    mlp_width=640,
    vocab_size=960,
    rope_theta=10_000.0,  # not 1e6: its rows are hundreds of tokens, not tens of thousands
    mrope_section=(4, 6, 6),
    rms_norm_eps=1e-6,
    is_tied=True,
    image_token_id=5,
  )


def qwen2_vl_2b() -> Qwen2VLConfig:
  """Qwen2-VL-2B. Source: config.json of Qwen/Qwen2-VL-2B-Instruct."""
  return Qwen2VLConfig(
    patch=14,
    merge=2,
    temporal_patch=2,
    vision_width=1280,
    vision_depth=32,
    vision_heads=16,
    vision_mlp_ratio=4,
    width=1536,
    depth=28,
    heads=12,
    kv_heads=2,
    head_dim=128,
    mlp_width=8960,
    vocab_size=151_936,
    rope_theta=1_000_000.0,
    mrope_section=(16, 24, 24),
    rms_norm_eps=1e-6,
    is_tied=True,
    image_token_id=151_655,
    dtype="bfloat16",
    param_dtype="bfloat16",
    is_scanned=True,
    logit_chunk=LOGIT_CHUNK,
    remat=REMAT,
  )


def qwen2_vl_7b() -> Qwen2VLConfig:
  """Qwen2-VL-7B. Source: config.json of Qwen/Qwen2-VL-7B-Instruct."""
  return dataclasses.replace(
    qwen2_vl_2b(),
    width=3584,
    heads=28,
    kv_heads=4,
    mlp_width=18_944,
    vocab_size=152_064,
    is_tied=False,
  )


PRESETS = {"tiny": tiny, "2b": qwen2_vl_2b, "7b": qwen2_vl_7b}


def preset(name: str) -> Qwen2VLConfig:
  """The config called `name`.

  Args:
    name: one of `tiny`, `2b`, `7b`.
  Returns:
    The config; change numbers with `dataclasses.replace`.
  Raises:
    ValueError: no such preset.

  >>> preset("7b").width
  3584
  """
  if name not in PRESETS:
    raise ValueError(f"preset {name!r}: must be one of {', '.join(PRESETS)}")
  return PRESETS[name]()
