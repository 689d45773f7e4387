"""Qwen2-VL in NumPy float64, one token and one head at a time.

Written from the paper (Wang et al. 2024, arXiv:2409.12191) and the description of Hugging Face's
model; shares nothing with cross_jax but the names in the parameter tree.
"""

import math

import numpy as np


def positions(token_ids, grids, merge, image_token_id):
  """M-RoPE positions of a prompt, token by token: list of (time, height, width)."""
  out, images, i = [], list(grids), 0
  while i < len(token_ids):
    start = 1 + max((max(p) for p in out), default=-1)
    if token_ids[i] != image_token_id:
      out.append((start, start, start))
      i += 1
      continue
    height, width = images.pop(0)
    for row in range(height // merge):
      for col in range(width // merge):
        out.append((start, start + row, start + col))
        i += 1
  return out


def layer_norm(x, params, eps=1e-6):
  mean = x.mean()
  return (x - mean) / math.sqrt(((x - mean) ** 2).mean() + eps) * params["scale"] + params["bias"]


def rms_norm(x, params, eps):
  return x / math.sqrt((x**2).mean() + eps) * params["scale"]


def dense(x, params):
  return x @ params["kernel"] + params.get("bias", 0.0)


def rotate_pairs(x, angles):
  """Turns (x[i], x[i + H/2]) by angles[i]."""
  half = len(x) // 2
  out = np.empty_like(x)
  for i in range(half):
    c, s = math.cos(angles[i]), math.sin(angles[i])
    out[i] = x[i] * c - x[i + half] * s
    out[i + half] = x[i + half] * c + x[i] * s
  return out


def attend_one(q, keys, values):
  """softmax(q . k / sqrt(H)) v for one query."""
  scores = np.array([q @ k for k in keys]) / math.sqrt(len(q))
  weights = np.exp(scores - scores.max())
  weights /= weights.sum()
  return sum(w * v for w, v in zip(weights, values))


def patches_of(image, patch, merge):
  """uint8[h, w, 3] to a list of (row, col, bytes[3 * patch**2]) in merge-group order."""
  rows, cols = image.shape[0] // patch, image.shape[1] // patch
  out = []
  for group_row in range(rows // merge):
    for group_col in range(cols // merge):
      for row in range(group_row * merge, (group_row + 1) * merge):
        for col in range(group_col * merge, (group_col + 1) * merge):
          piece = image[row * patch : (row + 1) * patch, col * patch : (col + 1) * patch]
          out.append((row, col, [int(piece[y, x, ch]) for ch in range(3)
                                 for y in range(patch) for x in range(patch)]))  # fmt: skip
  return out


def image_tokens(params, c, image):
  """The tokens of one image [P / merge**2, D]."""
  mean = (0.48145466, 0.4578275, 0.40821073)
  std = (0.26862954, 0.26130258, 0.27577711)
  patches = patches_of(image, c.patch, c.merge)
  x = []
  for _, _, pixels in patches:
    values = []  # channel, time, y, x: the still image stands at every time
    for ch in range(3):
      plane = pixels[ch * c.patch**2 : (ch + 1) * c.patch**2]
      values += [(v / 255.0 - mean[ch]) / std[ch] for v in plane] * c.temporal_patch
    x.append(np.array(values) @ params["patch_embed"]["kernel"])
  head_dim = c.vision_width // c.vision_heads
  quarter = head_dim // 4
  freqs = [10_000.0 ** (-2.0 * i / (head_dim // 2)) for i in range(quarter)]
  angles = [[row * f for f in freqs] + [col * f for f in freqs] for row, col, _ in patches]
  for depth in range(c.vision_depth):
    p = take_layer(params["blocks"], depth)
    q, k, v = [], [], []
    for i, token in enumerate(x):
      qkv = dense(layer_norm(token, p["norm1"]), p["qkv"]).reshape(3, c.vision_heads, head_dim)
      q.append([rotate_pairs(h, angles[i]) for h in qkv[0]])
      k.append([rotate_pairs(h, angles[i]) for h in qkv[1]])
      v.append(list(qkv[2]))
    for i in range(len(x)):
      heads = [
        attend_one(q[i][n], [key[n] for key in k], [value[n] for value in v])
        for n in range(c.vision_heads)
      ]
      token = x[i] + dense(np.concatenate(heads), p["proj"])
      h = dense(layer_norm(token, p["norm2"]), p["fc1"])
      x[i] = token + dense(h / (1.0 + np.exp(-1.702 * h)), p["fc2"])
  merger, out = params["merger"], []
  for i in range(0, len(x), c.merge**2):
    h = np.concatenate([layer_norm(token, merger["ln_q"]) for token in x[i : i + c.merge**2]])
    h = dense(h, merger["mlp_0"])
    h = np.array([0.5 * v * (1.0 + math.erf(v / math.sqrt(2.0))) for v in h])
    out.append(dense(h, merger["mlp_2"]))
  return out


def hidden_states(params, c, token_ids, token_positions, images, scores=None):
  """The normed hidden states of one causal row [T, D]; images: its image tokens, in order.

  scores: a dict to fill with (layer, t) -> [G, t + 1], how the query heads of the first key head
  score each token up to t, before the softmax.
  """
  images = list(images)
  x = [
    images.pop(0) if token == c.image_token_id else params["embed"]["embedding"][token]
    for token in token_ids
  ]
  half = c.head_dim // 2
  axis_of = [axis for axis in range(3) for _ in range(c.mrope_section[axis])]
  freqs = [c.rope_theta ** (-i / half) for i in range(half)]
  angles = [[p[axis_of[i]] * freqs[i] for i in range(half)] for p in token_positions]
  group = c.heads // c.kv_heads
  for depth in range(c.depth):
    p = take_layer(params["layers"], depth)
    k, v, out = [], [], []
    for t, token in enumerate(x):
      h = rms_norm(token, p["input_layernorm"], c.rms_norm_eps)
      q = dense(h, p["q_proj"]).reshape(c.heads, c.head_dim)
      key = dense(h, p["k_proj"]).reshape(c.kv_heads, c.head_dim)
      k.append([rotate_pairs(head, angles[t]) for head in key])
      v.append(list(dense(h, p["v_proj"]).reshape(c.kv_heads, c.head_dim)))
      if scores is not None:
        scores[depth, t] = np.array(
          [
            [np.dot(rotate_pairs(q[n], angles[t]), key[0]) / c.head_dim**0.5 for key in k]
            for n in range(group)
          ]
        )
      heads = [
        attend_one(
          rotate_pairs(q[n], angles[t]),
          [key[n // group] for key in k],
          [val[n // group] for val in v],
        )
        for n in range(c.heads)
      ]
      token = token + dense(np.concatenate(heads), p["o_proj"])
      h = rms_norm(token, p["post_attention_layernorm"], c.rms_norm_eps)
      gate = dense(h, p["gate_proj"])
      out.append(
        token + dense(gate / (1.0 + np.exp(-gate)) * dense(h, p["up_proj"]), p["down_proj"])
      )
    x = out
  return np.stack([rms_norm(token, params["norm"], c.rms_norm_eps) for token in x])


def log_probs(params, hidden):
  """Log-softmax over the vocabulary [T, V], the embedding table tied or the head's kernel."""
  table = params["head"]["kernel"] if "head" in params else params["embed"]["embedding"].T
  logits = hidden @ table
  top = logits.max(axis=-1, keepdims=True)
  return logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))


def take_layer(tree, i):
  """Layer i of stacked parameters."""
  return {k: take_layer(v, i) if isinstance(v, dict) else v[i] for k, v in tree.items()}
