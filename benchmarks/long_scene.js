// Instead of a camera: a picture that flashes and a beep at the same instant, every two seconds.
(() => {
  const [EVERY_MS, LONG_MS, FRAME_MS] = [2000, 200, 66];
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
    let [next, until, n] = [performance.now() + EVERY_MS, 0, 0];
    const timer = setInterval(() => {
      if (track.readyState === "ended") { clearInterval(timer); sound.close(); return; }
      const now = performance.now();
      if (now >= next) {
        next += EVERY_MS * Math.ceil((now - next + 1) / EVERY_MS);
        until = now + LONG_MS;
        loudness.gain.setValueAtTime(0.5, sound.currentTime);
        loudness.gain.setValueAtTime(0, sound.currentTime + LONG_MS / 1000);
      }
      n += 1;
      pen.fillStyle = now < until ? "#fff" : "#202830";
      pen.fillRect(0, 0, 640, 480);
      pen.fillStyle = now < until ? "#ddd" : "#405060";
      pen.fillRect((n * 7) % 600, 200, 40, 40); // something always moves
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
