// The line to the server: what this page publishes, and whether it arrives there.
import { $, say, sleep } from "../dom.js";
import { problemText, t } from "../i18n.js";
import { measureClock } from "./offset.js";
import { Publisher } from "./publisher.js";
import { banner, mark } from "./steps.js";

const STALE_MS = 5000; // connected for us but not for the server: start the connection anew

/** Publishes the camera. `room` tells the last snapshot, the step and whether the server is away. */
export class Line {
  #publisher = null;
  #deadSince = null;

  constructor(room, camera) {
    this.room = room;
    this.camera = camera;
    camera.addEventListener("open", () => this.#publish());
    camera.addEventListener("close", () => this.#stop());
    camera.addEventListener("sound", () => this.#hear());
  }

  /** The server has the picture of this moment. */
  get live() {
    return this.#publisher?.state === "live" && this.room.snapshot.recording.live && !this.room.serverAway;
  }

  #publish() {
    const { client } = this.room;
    this.#publisher = new Publisher(this.camera.stream, () => client.publishToken(), (state, code) => this.#changed(state, code));
    this.#publisher.start();
  }

  /** Another microphone goes on the same connection. One that is lost, or a lost camera, ends none. */
  #hear() {
    if (!this.camera.silent && this.camera.stream !== this.#publisher?.stream) this.#publisher?.replace(this.camera.stream);
    this.room.paint();
  }

  #stop() {
    this.#publisher?.stop({ goodbye: !this.room.snapshot?.finished_at });
    this.#publisher = null;
  }

  #changed(state, code) {
    const { client } = this.room;
    if (state === "refused") this.room.stopHere(code);
    if ((state === "lost" || state === "silent") && this.wasLive && !this.away) client.report("connection_lost");
    this.away = state !== "live";
    if (state === "live") {
      if (this.wasLive) client.report("reconnected");
      this.wasLive = true;
      this.#soonAfter();
      measureClock(client);
      this.room.dispatchEvent(new Event("line-live"));
    }
    this.problem = code && code !== "refused" ? code : null;
    this.room.paint();
  }

  /** Ask at once, then a few times more, instead of waiting for the next poll. */
  async #soonAfter() {
    for (const pause of [150, 400, 800, 1500]) {
      await sleep(pause);
      try {
        await this.room.ask();
      } catch {
        return;
      }
      if (this.room.snapshot.recording.live) return;
    }
  }

  /** The peer connection looks well but nothing arrives there: make a new one. */
  watch() {
    // Without a picture a new connection would only cut the sound that still arrives.
    const ill = this.#publisher?.state === "live" && !this.room.snapshot.recording.live && !this.camera.problem;
    if (!ill || this.room.serverAway) {
      this.#deadSince = null;
      return;
    }
    this.#deadSince ??= performance.now();
    if (performance.now() - this.#deadSince > STALE_MS) {
      this.#deadSince = null;
      this.#publisher.reconnect();
    }
  }

  // --- what the student sees of it ----------------------------------------------------------------

  paint() {
    const { serverAway, steps } = this.room;
    const { live } = this;
    const self = $("#self-state");
    self.className = `self-state ${live ? "live" : "dead"}`;
    say(self, t(live ? "room.recording" : serverAway ? "room.no_line" : "room.not_recording"));
    if (steps.now === "check") this.#paintCheck(live);
    if (steps.now === "test") banner(this.#trouble(live));
  }

  /** In the queue of a full server; null where this page need not wait. */
  get #turn() {
    const position = this.#publisher?.state === "waiting" ? this.#publisher.position : null;
    return position && t("room.queue", { position });
  }

  #trouble(live) {
    if (this.camera.problem) return t(`device.${this.camera.problem}`);
    if (this.#turn) return this.#turn;
    if (!live) return t(this.room.serverAway ? "room.server_away" : "room.reconnecting");
    return this.camera.silent ? t("device.mic_lost") : null;
  }

  #paintCheck(live) {
    if (live) mark("recording", "ok", t("check.recording_on"));
    else if (this.#turn) mark("recording", "wait", this.#turn);
    else if (this.#publisher?.state === "lost") mark("recording", "bad", this.problem ? problemText(this.problem) : t("check.recording_retry"));
    else if (this.camera.stream) mark("recording", "wait", t("check.recording_wait"));
  }
}
