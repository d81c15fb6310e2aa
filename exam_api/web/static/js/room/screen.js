// The student's whole screen, shared with the exam: asked for, checked, looked after.
import { Publisher } from "./publisher.js";

const WANTED = {
  video: { frameRate: { ideal: 5, max: 8 }, width: { max: 1920 }, height: { max: 1080 }, displaySurface: "monitor" },
  audio: false,
  monitorTypeSurfaces: "include",
  surfaceSwitching: "exclude",
  selfBrowserSurface: "exclude",
};
// Text stays readable, and camera and screen together still fit a weak line.
const BITS = { video: 220_000, frames: 8 };

/** Fires "change". `problem`: null, or the code of a text (screen.<code>). */
export class Screen extends EventTarget {
  stream = null;
  problem = null;
  #publisher = null;

  constructor(client) {
    super();
    this.client = client;
  }

  get sharing() {
    return this.stream !== null;
  }

  /** From a click only: browsers ask the person which surface to show. */
  async share() {
    if (!navigator.mediaDevices?.getDisplayMedia) return this.#fail("unsupported");
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia(WANTED);
    } catch (problem) {
      return this.#fail(problem.name === "NotAllowedError" ? "denied" : "failed");
    }
    const [track] = stream.getVideoTracks();
    const surface = track.getSettings().displaySurface;
    if (surface && surface !== "monitor") {
      track.stop();
      return this.#fail(surface === "window" ? "window" : "tab");
    }
    this.#drop();
    this.stream = stream;
    this.problem = null;
    track.contentHint = "detail";
    track.addEventListener("ended", () => this.#stopped());
    this.client.report("screen_shared", surface ?? "unknown");
    this.#publisher = new Publisher(stream, () => this.client.publishToken("screen"), () => this.#changed(), { bits: BITS });
    this.#publisher.start();
    return this.#changed();
  }

  close({ goodbye = true } = {}) {
    this.#drop({ goodbye });
    this.problem = null;
  }

  /** The student ended it with the browser's own button. */
  #stopped() {
    this.client.report("screen_stopped");
    this.#drop();
    this.#fail("stopped");
  }

  #drop(options) {
    this.#publisher?.stop(options);
    this.#publisher = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  #fail(code) {
    if (code !== "stopped") this.client.report("screen_refused", code);
    this.problem = this.sharing ? null : code;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
