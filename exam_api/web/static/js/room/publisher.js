// WHIP (RFC 9725): one POST with the whole offer, an answer back. On loss: again, with back-off.
import { sleep } from "../dom.js";
import { watchSilence } from "./silence.js";

// With sound and the packets' headers below the 256 kbit/s that a weak line still carries.
const CAMERA = { video: 208_000, frames: 15 };
const AUDIO_BITS = 24_000;
const GRACE_MS = 2000; // the server calls the line lost after the same time

/**
 * Publishes a stream until stop(). `onState` hears "connecting" | "live" | "silent" | "lost" |
 * "waiting" (a full server; `position` in its queue) | "refused".
 * Tokens are fetched anew for each attempt: they live for minutes only.
 */
export class Publisher {
  #pc = null;
  #resource = null;
  #running = false;
  #wake = () => {};

  /** `final`: codes after which trying again is of no use. */
  constructor(stream, getToken, onState, { bits = CAMERA, final = ["open_elsewhere", "not_logged_in"] } = {}) {
    this.stream = stream;
    this.getToken = getToken;
    this.onState = onState;
    this.bits = bits;
    this.final = final;
    this.state = "idle";
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    addEventListener("online", this.#hurry);
    addEventListener("pagehide", this.#leave);
    this.#run();
  }

  /** Something (the server, the network) says that the line is dead: connect anew. */
  reconnect() {
    this.#lost("asked");
  }

  /** A microphone was unplugged and another opened: send that one on the same connection. */
  async replace(stream) {
    this.stream = stream;
    const senders = this.#pc?.getSenders() ?? [];
    for (const track of stream.getTracks()) {
      const sender = senders.find((one) => one.track?.kind === track.kind);
      if (sender) await sender.replaceTrack(track);
      else this.reconnect();
    }
  }

  /** `goodbye` false where the server has ended the recording by itself. */
  async stop({ goodbye = true } = {}) {
    this.#running = false;
    if (!goodbye) this.#resource = null;
    removeEventListener("online", this.#hurry);
    removeEventListener("pagehide", this.#leave);
    this.#wake();
    await this.#goodbye();
    this.#close();
  }

  #hurry = () => this.#wake();
  #leave = () => { this.#goodbye(); };

  async #run() {
    let attempt = 0;
    while (this.#running) {
      let turn = null;
      if (this.state !== "waiting") this.#tell("connecting");
      try {
        const { lost } = await this.#connect();
        attempt = 0;
        this.#tell("live");
        await lost;
      } catch (problem) {
        if (this.final.includes(problem.code)) {
          this.#running = false;
          this.#close();
          this.#tell("refused", problem.code);
          return;
        }
        if (problem.position) turn = problem;
      }
      this.#close();
      if (!this.#running) return;
      this.position = turn?.position ?? null;
      this.#tell(turn ? "waiting" : "lost", turn?.code);
      const pause = turn ? turn.retryMs : Math.min(10_000, 400 * 2 ** attempt) * (0.75 + Math.random() / 2);
      attempt = turn ? 0 : attempt + 1;
      await Promise.race([sleep(pause), new Promise((wake) => { this.#wake = wake; })]);
    }
  }

  /** Resolves once connected; `lost` resolves when the connection is gone. */
  async #connect() {
    const grant = await this.getToken();
    const pc = new RTCPeerConnection({ iceServers: grant.ice_servers ?? [] });
    this.#pc = pc;
    for (const track of this.stream.getTracks()) await addSender(pc, track, this.stream, this.bits);
    await pc.setLocalDescription(await pc.createOffer());
    await gathered(pc);
    const answer = await fetch(grant.whip_url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${grant.token}` },
      body: pc.localDescription.sdp,
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status !== 201) throw await refusal(answer);
    this.#resource = { url: new URL(answer.headers.get("Location"), new URL(grant.whip_url, location.href)), token: grant.token };
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    const lost = new Promise((resolve) => { this.#lost = resolve; });
    await connected(pc, lost);
    watch(pc, (why) => this.#lost(why));
    watchSilence(pc, (silent) => this.#quiet(pc, silent), () => this.#lost("silent"));
    return { lost }; // in an object: a promise returned bare would be waited for here
  }

  #lost = () => {};

  #quiet(pc, silent) {
    if (pc === this.#pc && (this.state === "live" || this.state === "silent")) this.#tell(silent ? "silent" : "live");
  }

  async #goodbye() {
    const resource = this.#resource;
    this.#resource = null;
    if (!resource) return;
    try {
      await fetch(resource.url, { method: "DELETE", headers: { Authorization: `Bearer ${resource.token}` }, keepalive: true });
    } catch {
      // The server notices by itself within two seconds.
    }
  }

  #close() {
    this.#pc?.close();
    this.#pc = null;
  }

  #tell(state, code = null) {
    this.state = state;
    this.onState(state, code);
  }
}

/** A full server says which place in its queue this page has, and when to ask again. */
async function refusal(answer) {
  const { code, position } = await answer.json().catch(() => ({}));
  const retryMs = 1000 * Number(answer.headers.get("Retry-After") || 5);
  return Object.assign(new Error(`whip ${answer.status}`), { code, position, retryMs });
}

async function addSender(pc, track, stream, bits) {
  const transceiver = pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  if (track.kind === "video") preferVp8(transceiver);
  const parameters = transceiver.sender.getParameters();
  if (!parameters.encodings?.length) parameters.encodings = [{}];
  Object.assign(parameters.encodings[0], track.kind === "video" ? { maxBitrate: bits.video, maxFramerate: bits.frames } : { maxBitrate: AUDIO_BITS });
  // A face in full size at fewer frames tells more than a smooth small one.
  if (track.kind === "video") parameters.degradationPreference = "maintain-resolution";
  await transceiver.sender.setParameters(parameters).catch(() => {});
}

function preferVp8(transceiver) {
  const codecs = RTCRtpSender.getCapabilities?.("video")?.codecs ?? [];
  const rank = (codec) => (/\/VP8$/i.test(codec.mimeType) ? 0 : /\/H264$/i.test(codec.mimeType) ? 1 : 2);
  const usable = codecs.filter((codec) => !/\/(VP9|AV1|H265)$/i.test(codec.mimeType));
  if (usable.length) transceiver.setCodecPreferences?.(usable.sort((a, b) => rank(a) - rank(b)));
}

/** No trickle (RFC 9725 allows one POST): wait for the candidates, but not for a slow STUN server. */
export function gathered(pc) {
  return Promise.race([
    sleep(1500),
    new Promise((done) => {
      const look = () => pc.iceGatheringState === "complete" && done();
      pc.addEventListener("icegatheringstatechange", look);
      look();
    }),
  ]);
}

function connected(pc, lost) {
  return new Promise((done, fail) => {
    const look = () => {
      if (pc.connectionState === "connected") done();
      if (pc.connectionState === "failed" || pc.connectionState === "closed") fail(new Error("ice"));
    };
    pc.addEventListener("connectionstatechange", look);
    lost.then(() => fail(new Error("lost")));
    setTimeout(() => fail(new Error("timeout")), 10_000);
    look();
  });
}

function watch(pc, lost) {
  let timer = null;
  // The server's own good-bye: told at once, where ICE would need some seconds to miss it.
  const dtls = pc.getSenders()[0]?.transport;
  dtls?.addEventListener("statechange", () => { if (dtls.state === "closed" && pc.connectionState !== "closed") lost("ended"); });
  pc.addEventListener("connectionstatechange", () => {
    clearTimeout(timer);
    if (pc.connectionState === "failed" || pc.connectionState === "closed") lost("failed");
    if (pc.connectionState === "disconnected") timer = setTimeout(() => lost("disconnected"), GRACE_MS);
  });
}
