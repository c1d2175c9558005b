"""The probe, and leave-one-video-out cross-validation of one labelling or of thousands."""
