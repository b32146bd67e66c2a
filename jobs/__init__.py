"""The work: everything that happens to a session between its upload and its transcript."""
