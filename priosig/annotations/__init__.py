"""What is known without listening: moments, their transcripts, segments, and views of segments."""
