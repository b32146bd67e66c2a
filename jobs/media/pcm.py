"""The one sound format inside the desk, given to every engine: 16 kHz mono, signed 16-bit little endian, no header."""

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
BYTES_PER_SEC = SAMPLE_RATE * BYTES_PER_SAMPLE
