// Instead of a camera: a beep and a flash every two seconds of the clock, and a row of squares that says,
// in each picture, how many milliseconds ago that was (11 bits, the lowest first; long_measures.py reads them).
(() => {
  const [EVERY_MS, LONG_MS, FRAME_MS, BITS, SQUARE, STEP] = [2000, 200, 66, 11, 48, 56];
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const pen = canvas.getContext("2d");
    const picture = canvas.captureStream(0);
    const [track] = picture.getVideoTracks();
    const sound = new AudioContext();
    await sound.resume();
    const [tone, loudness, out] = [sound.createOscillator(), sound.createGain(), sound.createMediaStreamDestination()];
    tone.frequency.value = 1000;
    loudness.gain.value = 0;
    tone.connect(loudness).connect(out);
    tone.start();
    let [planned, n] = [0, 0];
    const timer = setInterval(() => {
      if (track.readyState === "ended") { clearInterval(timer); sound.close(); return; }
      const now = performance.timeOrigin + performance.now();
      const next = EVERY_MS * Math.ceil(now / EVERY_MS);
      if (next !== planned && next - now < 3 * FRAME_MS) {
        planned = next;
        const at = sound.currentTime + (next - now) / 1000;
        loudness.gain.setValueAtTime(0.5, at);
        loudness.gain.setValueAtTime(0, at + LONG_MS / 1000);
      }
      const ago = Math.round(now % EVERY_MS);
      n += 1;
      pen.fillStyle = ago < LONG_MS ? "#fff" : "#202830";
      pen.fillRect(0, 0, 640, 480);
      pen.fillStyle = ago < LONG_MS ? "#ddd" : "#405060";
      pen.fillRect((n * 7) % 600, 200, 40, 40); // something always moves
      for (let bit = 0; bit < BITS; bit += 1) {
        pen.fillStyle = (ago >> bit) & 1 ? "#fff" : "#000";
        pen.fillRect(16 + bit * STEP, 16, SQUARE, SQUARE);
      }
      track.requestFrame();
    }, FRAME_MS);
    return new MediaStream([track, ...out.stream.getAudioTracks()]);
  };

  // All media pass a relay of the benchmark, which can be cut.
  const receive = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function relayed(answer) {
    const lines = await Promise.all(answer.sdp.split("\r\n").map(async (line) => {
      const parts = line.startsWith("a=candidate:") ? line.split(" ") : [];
      if (parts[2]?.toLowerCase() !== "udp") return line;
      parts[5] = String(await window.relayPort(parts[4], Number(parts[5])));
      parts[4] = "127.0.0.1";
      return parts.join(" ");
    }));
    return receive.call(this, { type: answer.type, sdp: lines.join("\r\n") });
  };
  const send = window.fetch;
  window.fetch = (address, options) => {
    const offer = typeof options?.body === "string" && options.body.startsWith("v=0");
    if (!offer) return send(address, options);
    const body = options.body.split("\r\n").filter((line) => !line.startsWith("a=candidate:")).join("\r\n");
    return send(address, { ...options, body });
  };
})();
