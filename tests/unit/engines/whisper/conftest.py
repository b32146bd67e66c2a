from tests.instruments.whisper_places import places

__all__ = ["places"]
