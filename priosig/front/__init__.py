"""The front door: arrays of anybody's embeddings in, a verdict out. No audio, no annotations, no files."""
