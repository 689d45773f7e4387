"""The renderer: pictures and segmentation of a batch of games, and the boxes that make it fast."""

from cross_jax.envs.voxel.render.boxes import build_boxes as build_boxes
from cross_jax.envs.voxel.render.boxes import update_boxes as update_boxes
from cross_jax.envs.voxel.render.chosen import draw_chosen as draw_chosen
from cross_jax.envs.voxel.render.frame import CODE_BLOCK as CODE_BLOCK
from cross_jax.envs.voxel.render.frame import CODE_DROP as CODE_DROP
from cross_jax.envs.voxel.render.frame import CODE_MOB as CODE_MOB
from cross_jax.envs.voxel.render.frame import CODE_NONE as CODE_NONE
from cross_jax.envs.voxel.render.frame import CODE_SHOT as CODE_SHOT
from cross_jax.envs.voxel.render.frame import Labelled as Labelled
from cross_jax.envs.voxel.render.frame import render_batch as render_batch
from cross_jax.envs.voxel.render.frame import render_labelled as render_labelled
from cross_jax.envs.voxel.render.frame import segment_batch as segment_batch
from cross_jax.envs.voxel.render.overlay import CODE_GUI as CODE_GUI
from cross_jax.envs.voxel.render.overlay import CODE_SLOT as CODE_SLOT
from cross_jax.envs.voxel.render.renderers import JAX as JAX
from cross_jax.envs.voxel.render.renderers import NATIVE as NATIVE
from cross_jax.envs.voxel.render.renderers import RENDERERS as RENDERERS
from cross_jax.envs.voxel.render.renderers import check_renderer as check_renderer
from cross_jax.envs.voxel.render.renderers import renderer as renderer
