"""Recordings to samples: decoding, slicing, loudness, talk and silence."""
