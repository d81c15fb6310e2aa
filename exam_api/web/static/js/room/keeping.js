// Keeps the camera's last minutes on this computer and gives the server what it lacks.
import { $, say, show, sleep } from "../dom.js";
import { t } from "../i18n.js";
import { fill } from "./fill.js";
import { Kept } from "./kept.js";

const LOOK_MS = 60_000; // a short cut leaves a gap that this page does not notice
const SETTLE_MS = 2000; // the gap is on record only when media flows again

export class Keeping {
  #filling = Promise.resolve();

  constructor(room, camera) {
    this.room = room;
    this.kept = new Kept(room.dataset.sitting, room.clock);
    camera.addEventListener("open", () => this.kept.start(camera.stream));
    camera.addEventListener("sound", () => { if (camera.stream !== this.kept.stream) this.kept.start(camera.stream); });
    camera.addEventListener("close", () => this.kept.stop());
    room.addEventListener("line-live", () => this.#soon());
    setInterval(() => this.#soon(), LOOK_MS);
  }

  async #soon() {
    await sleep(SETTLE_MS);
    const { snapshot } = this.room;
    if (!snapshot?.began_at || snapshot.finished_at || !this.room.line.live) return;
    this.#filling = this.#filling.then(() => this.#fill({})).catch(() => {});
  }

  #fill(options) {
    return fill(this.room.dataset.sitting, { ...options, kept: this.kept });
  }

  /** The test is over: the rest, as far as the server wants it. */
  async finish() {
    await this.#filling;
    await this.kept.stop();
    const tell = (text) => {
      say($("#fill-state"), t(text));
      show($("#fill-state"));
    };
    try {
      const sent = await this.#fill({ ended: true, onSend: () => tell("room.fill_sending") });
      if (sent) tell("room.fill_done");
    } catch (problem) {
      if (problem.retryable) tell("room.fill_later");
    }
  }
}
