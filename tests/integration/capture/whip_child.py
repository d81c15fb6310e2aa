"""FFmpeg's own WHIP client publishes a moving picture and a tone; run as a program by a test.

It keeps the interpreter's lock while it waits for the server, so the server needs its own process.
"""

import sys
import time
from fractions import Fraction

import av
import numpy as np

FPS, RATE, SAMPLES = 15, 48_000, 960


def publish(url: str, token: str, certificate: str, key: str, seconds: float) -> None:
    # Without a certificate of its own it makes an RSA one; WebRTC peers agree on ECDSA (RFC 8827).
    options = {"authorization": token, "cert_file": certificate, "key_file": key}
    options["handshake_timeout"] = "30000"  # a busy machine takes more than the five seconds
    with av.open(url, "w", format="whip", options=options) as out:
        video = out.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
        video.codec_context.gop_size = FPS
        sound = out.add_stream("libopus", rate=RATE)
        sound.layout = "stereo"
        began, spoken = time.monotonic(), 0
        for number in range(int(seconds * FPS)):
            picture = np.full((240, 320, 3), number * 3 % 255, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame))
            while spoken < (number + 1) * RATE // FPS:
                samples = av.AudioFrame.from_ndarray(
                    np.zeros((1, SAMPLES * 2), np.int16), format="s16", layout="stereo"
                )
                samples.sample_rate, samples.pts = RATE, spoken
                spoken += SAMPLES
                out.mux(sound.encode(samples))
            time.sleep(max(0.0, began + number / FPS - time.monotonic()))


if __name__ == "__main__":
    publish(*sys.argv[1:5], seconds=float(sys.argv[5]))
