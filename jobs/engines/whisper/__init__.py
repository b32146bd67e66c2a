"""Whisper on this machine, by CTranslate2."""
