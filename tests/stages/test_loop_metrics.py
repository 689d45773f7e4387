"""What a log line says of the steps since the one before."""

from cross_jax.stages.loop import mean_metrics


def test_means_maxima_and_running_counts():
  rows = [
    {"loss": 1.0, "ratio_max": 1.1, "skipped_updates": 0},
    {"loss": 3.0, "ratio_max": 9.0, "skipped_updates": 2},
    {"loss": 2.0, "ratio_max": 1.3, "skipped_updates": 2},
  ]
  assert mean_metrics(rows) == {"loss": 2.0, "ratio_max": 9.0, "skipped_updates": 2.0}
