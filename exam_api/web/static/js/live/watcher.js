// WHEP: one POST with an offer that only receives, an answer back. On loss: again, with back-off.
import { call } from "../api.js";
import { sleep } from "../dom.js";
import { gathered } from "../room/publisher.js";

const CONNECT_MS = 8000;

/** Shows one track of a running sitting in a <video>. `onState` hears "connecting" | "live" | a problem's code. */
export class Watcher {
  #pc = null;
  #resource = null;
  #turn = 0; // a newer choice ends what an older one still waits for

  constructor(video, sitting, onState) {
    this.video = video;
    this.base = `/api/v1/sittings/${sitting}`;
    this.onState = onState;
    addEventListener("pagehide", () => this.stop());
  }

  async show(track) {
    this.stop();
    const turn = this.#turn;
    for (let attempt = 0; turn === this.#turn; attempt += 1) {
      this.onState("connecting");
      let code = null;
      try {
        const lost = await this.#connect(track, turn);
        attempt = 0;
        await lost.gone;
        code = "offline";
      } catch (problem) {
        code = problem.code ?? "offline";
        if (problem.status && problem.status < 500 && code !== "not_live_now") attempt = Infinity;
      }
      if (turn !== this.#turn) return;
      this.#close();
      this.onState(code);
      if (attempt === Infinity) return;
      await sleep(Math.min(8000, 700 * 2 ** attempt));
    }
  }

  stop() {
    this.#turn += 1;
    this.#goodbye();
    this.#close();
  }

  async #connect(track, turn) {
    const grant = await call("POST", `${this.base}/watch-token?track=${track}`);
    const pc = new RTCPeerConnection({ iceServers: grant.ice_servers });
    if (turn !== this.#turn) return pc.close();
    this.#pc = pc;
    const stream = new MediaStream();
    pc.addEventListener("track", (event) => stream.addTrack(event.track));
    for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
    await pc.setLocalDescription(await pc.createOffer());
    await gathered(pc);
    const answer = await fetch(grant.whep_url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${grant.token}` },
      body: pc.localDescription.sdp,
      signal: AbortSignal.timeout(CONNECT_MS),
    });
    if (answer.status !== 201) throw Object.assign(new Error("whep"), { code: (await answer.json()).code, status: answer.status });
    this.#resource = { url: answer.headers.get("Location"), token: grant.token };
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    this.video.srcObject = stream;
    this.video.play().catch(() => {}); // the next choice may have come in between
    await firstPicture(this.video, pc);
    if (turn === this.#turn) this.onState("live");
    return { gone: gone(pc) };
  }

  #goodbye() {
    const resource = this.#resource;
    this.#resource = null;
    if (resource) fetch(resource.url, { method: "DELETE", headers: { Authorization: `Bearer ${resource.token}` }, keepalive: true }).catch(() => {});
  }

  #close() {
    this.#pc?.close();
    this.#pc = null;
    this.video.srcObject = null;
  }
}

function firstPicture(video, pc) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error("no picture")), CONNECT_MS);
    video.addEventListener("loadeddata", () => { clearTimeout(timer); done(); }, { once: true });
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "failed") fail(new Error("ice"));
    });
  });
}

function gone(pc) {
  return new Promise((done) => {
    pc.addEventListener("connectionstatechange", () => {
      if (/^(failed|closed|disconnected)$/.test(pc.connectionState)) done();
    });
  });
}
