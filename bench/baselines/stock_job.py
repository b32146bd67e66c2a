"""What a plain RQ job that transcribes looks like: it imports, loads the model and recognises, each time it runs."""

import time


def transcribe(recording: str) -> tuple[str, float]:
    """The text, and the seconds that recognition itself took."""
    import av
    from pocketsphinx import Decoder

    decoder = Decoder(loglevel="FATAL", fwdflat=False, ds=2)  # as jobs/engines/pocketsphinx.py has it
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(recording) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    sound = b"".join(frame.to_ndarray().tobytes() for frame in frames)
    begun = time.perf_counter()
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    return heard.hypstr if heard else "", time.perf_counter() - begun
