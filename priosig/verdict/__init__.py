"""From evidence under a rule to a verdict and its sentence. Pure: no arrays, no audio."""
