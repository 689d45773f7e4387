"""Text to Response to RawAction: grammar, parser, one codec per action space, equivalence."""

from cross_jax.actions.equivalence import is_equivalent as is_equivalent
from cross_jax.actions.grounding import find_point as find_point
from cross_jax.actions.grounding import format_grounding as format_grounding
from cross_jax.actions.language import format_skill as format_skill
from cross_jax.actions.latent import format_latent as format_latent
from cross_jax.actions.motion import format_motion as format_motion
from cross_jax.actions.raw import format_action as format_action
from cross_jax.actions.response import format_response as format_response
from cross_jax.actions.response import format_segment as format_segment
from cross_jax.actions.response import outline as outline
from cross_jax.actions.response import parse as parse
