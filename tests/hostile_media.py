"""Recordings for tests, good and hostile, made anew in a folder of the test's: nothing here is committed as a binary.

Every function writes one file and returns its path. `bad_files` and `good_files` are the whole corpus.
"""

import struct
import wave
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

SAMPLE_RATE = 16_000
SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".webm", ".mp4", ".mov", ".mkv", ".txt", "")


MAGIC = (
    *(
        b"RIFF\xff\xff\xff\x7fWAVEfmt ",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"ID3\x04\0\0\0\0\x0f\x7f",
        b"\xff\xfb\x90\x44",
    ),
    *(b"\0\0\0\x18ftypM4A \0\0\0\0", b"\0\0\0\x10moov", b"\x1a\x45\xdf\xa3", b"\xff\xf1\x50\x80"),
)


@dataclass(frozen=True)
class Format:
    """How one accepted format is written: file name, PyAV muxer and encoder, rate, and what `probe` should call it."""

    file_name: str
    muxer: str
    codec: str
    rate: int
    container: str
    with_video: bool = False


FORMATS = [
    Format("talk.wav", "wav", "pcm_s16le", 44_100, "WAV"),
    Format("talk-24bit.wav", "wav", "pcm_s24le", 48_000, "WAV"),
    Format("talk-float.wav", "wav", "pcm_f32le", 16_000, "WAV"),
    Format("talk-8k-ulaw.wav", "wav", "pcm_mulaw", 8_000, "WAV"),
    Format("talk.flac", "flac", "flac", 44_100, "FLAC"),
    Format("talk.mp3", "mp3", "libmp3lame", 44_100, "MP3"),
    Format("talk.m4a", "ipod", "aac", 44_100, "M4A"),
    Format("talk.aac", "adts", "aac", 44_100, "AAC"),
    Format("talk.ogg", "ogg", "vorbis", 44_100, "Ogg Vorbis"),
    Format("talk.opus", "ogg", "libopus", 48_000, "Ogg Opus"),
    Format("talk.webm", "webm", "libopus", 48_000, "WebM"),
    Format("talk.mp4", "mp4", "aac", 44_100, "MP4"),
    Format("talk-video.mp4", "mp4", "aac", 44_100, "MP4", with_video=True),
    Format("talk-video.mov", "mov", "aac", 44_100, "MOV", with_video=True),
]


def tone(duration_sec: float, rate: int = SAMPLE_RATE, channels: int = 1) -> np.ndarray:
    """A quiet rising tone as signed 16-bit samples, one row a channel."""
    at = np.arange(int(duration_sec * rate)) / rate
    return np.repeat((6000 * np.sin(2 * np.pi * (220 + 40 * at) * at)).astype("<i2")[None, :], channels, axis=0)


def good_file(folder: Path, form: Format, duration_sec: float = 2.0, channels: int = 2) -> Path:
    """A tone of `duration_sec` in an accepted format."""
    path = folder / form.file_name
    samples = tone(duration_sec, form.rate, channels)
    layout = "stereo" if channels == 2 else "mono"
    with av.open(str(path), "w", format=form.muxer) as container:
        audio = container.add_stream(form.codec, rate=form.rate, layout=layout)
        audio.codec_context.options = {"strict": "experimental"}  # FFmpeg's own Vorbis encoder is
        if form.with_video:
            _add_video(container, duration_sec)
        resampler = av.AudioResampler(format=audio.codec_context.format, layout=layout, rate=form.rate, frame_size=1024)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T.reshape(1, -1)), format="s16", layout=layout)
        frame.sample_rate, frame.pts = form.rate, 0
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(audio.encode(part))
        container.mux(audio.encode(None))
    return path


def sound_that_ends_before_the_picture(folder: Path, sound_sec: float, picture_sec: float) -> Path:
    """A screen recording whose microphone stopped: Matroska tells one length for both."""
    path = folder / "screen.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        _add_video(container, picture_sec)
        samples = tone(sound_sec)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


def _add_video(container: av.container.OutputContainer, duration_sec: float) -> None:
    video = container.add_stream("mpeg4", rate=10)
    video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
    for _ in range(int(duration_sec * 10)):
        container.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
    container.mux(video.encode(None))


def wav(path: Path, samples: np.ndarray, rate: int = SAMPLE_RATE) -> Path:
    """Signed 16-bit samples, one row a channel, as an honest WAV."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(len(samples) if samples.ndim == 2 else 1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.T.astype("<i2").tobytes())
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.wav"
    path.touch()
    return path


def text_renamed(folder: Path) -> Path:
    path = folder / "notes.wav"
    path.write_text("These are my notes from the session on Monday. " * 40)
    return path


def random_bytes(folder: Path) -> Path:
    path = folder / "random.mp3"
    path.write_bytes(np.random.default_rng(7).bytes(50_000))
    return path


def random_files(folder: Path) -> Iterator[Path]:
    """Random bytes under every name, behind nothing and behind the first bytes of every format."""
    random = np.random.default_rng(7)
    for suffix in SUFFIXES:
        for number, magic in enumerate((b"", *MAGIC)):
            path = folder / f"random-{number}{suffix}"
            path.write_bytes(magic + random.bytes(4_000))
            yield path


def truncations(folder: Path, form: Format, duration_sec: float = 1.0) -> Iterator[Path]:
    """The first tenth of a good file, its first two, and so on; the name ends in the number of tenths."""
    content = good_file(folder, form, duration_sec).read_bytes()
    for tenths in range(11):
        path = folder / f"{form.file_name}.{tenths}"
        path.write_bytes(content[: len(content) * tenths // 10])
        yield path


def mutations(folder: Path, each: int, seed: int = 7) -> Iterator[Path]:
    """Good files of every format with some of their first or last few hundred bytes changed, `each` of every one."""
    random = np.random.default_rng(seed)
    for form in FORMATS:
        content = good_file(folder, form, 0.5).read_bytes()
        for number in range(each):
            changed = bytearray(content)
            for _ in range(random.choice([1, 2, 4, 8, 30])):
                at = int(random.integers(min(600, len(content))))
                changed[-at if random.random() < 0.4 else at] = random.choice([0, 1, 127, 255, random.integers(256)])
            path = folder / f"{form.file_name}.changed-{number}"
            path.write_bytes(changed)
            yield path


def zip_renamed(folder: Path) -> Path:
    path = folder / "archive.m4a"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "notes " * 1000)
    return path


def video_without_audio(folder: Path) -> Path:
    path = folder / "silent-film.mp4"
    with av.open(str(path), "w") as container:
        _add_video(container, 1.0)
    return path


def too_short(folder: Path) -> Path:
    """A tenth of a second of silence."""
    return wav(folder / "blink.wav", np.zeros(SAMPLE_RATE // 10))


def header_without_sound(folder: Path) -> Path:
    return wav(folder / "header-only.wav", np.zeros(0))


def truncated_mp3(folder: Path, duration_sec: float = 4.0) -> Path:
    """The first half of an MP3's bytes, cut within a frame."""
    path = good_file(folder, Format("cut.mp3", "mp3", "libmp3lame", 44_100, "MP3"), duration_sec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 7])
    return path


def damaged_mp3(folder: Path, duration_sec: float = 4.0) -> Path:
    """An MP3 with two hundred bytes of rubbish in its middle."""
    path = good_file(folder, Format("scratched.mp3", "mp3", "libmp3lame", 44_100, "MP3"), duration_sec)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = np.random.default_rng(7).bytes(200)
    path.write_bytes(content)
    return path


def lying_wav(folder: Path, claimed_bytes: int, real_sec: float = 2.0) -> Path:
    """A WAV whose header claims `claimed_bytes` of sound."""
    path = wav(folder / f"claims-{claimed_bytes}.wav", tone(real_sec)[0])
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, 4, min(claimed_bytes + 36, 0xFFFFFFFF))
    struct.pack_into("<I", content, 40, claimed_bytes)
    path.write_bytes(content)
    return path


def playlists(folder: Path, canary: Path, url: str) -> Iterator[Path]:
    """Text that FFmpeg would follow to the canary file or to `url`, of every kind under the name of every format."""
    relative = canary.relative_to(folder)
    for place, target in {"file": canary, "relative": relative, "url": url, "uri": canary.as_uri()}.items():
        for kind, text in _playlist_texts(str(target)).items():
            for suffix in SUFFIXES:
                path = folder / f"{kind}-{place}{suffix}"
                path.write_text(text)
                yield path


def _playlist_texts(target: str) -> dict[str, str]:
    return {
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "hls": f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\n{target}\n#EXT-X-ENDLIST\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT3S" profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period><AdaptationSet '
        'mimeType="audio/mp4"><Representation id="1" bandwidth="128000"><BaseURL>'
        f"{target}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=talk\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"
        f"a=control:{target}\n",
        "m3u": f"#EXTM3U\n{target}\n",
        "wpl": f'<?wpl version="1.0"?><smil><body><seq><media src="{target}"/></seq></body></smil>',
    }


BAD_FILES: dict[str, Callable[[Path], Path]] = {
    "empty-file": empty,
    "not-audio text": text_renamed,
    "not-audio random": random_bytes,
    "not-audio zip": zip_renamed,
    "no-audio-stream": video_without_audio,
    "recording-too-short": too_short,
    "not-audio header": header_without_sound,
}
