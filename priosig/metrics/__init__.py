"""AUC within video, and the usual metrics beside it."""
