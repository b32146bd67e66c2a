"""Recordings as files: what they are (`probe`), their sound as plain PCM (`decode`), where to cut it (`silences`)."""
