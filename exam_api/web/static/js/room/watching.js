// What only the browser can tell during the test: is it looked at, on how many displays, by which camera.

const LOOK_MS = 1000;
const REPEAT_MS = 20_000; // the server takes a silence for the end of what was said
// Programs that paint the picture themselves. A phone used as a camera (DroidCam, Camo …) is one all the same.
const VIRTUAL = new RegExp(
  [
    "virtual.{0,4}cam", "fake ?(web)?cam", "screen-capture-recorder", "v4l2loopback", "dummy video", "deepfacelive",
    String.raw`\b(obs|vcam|ndi|vmix|mmhmm|ecamm)\b`, String.raw`\bprism ?(live|lens)`, "unity video capture", "akvirtual",
    "manycam", "snap camera", "xsplit", "splitcam", "sparkocam", "camtwist", "youcam", "finecam",
  ].join("|"),
  "i",
);

export const isVirtual = (label) => VIRTUAL.test(label);

export class Watching {
  #said = null;
  #saidAt = 0;
  #saying = false;

  constructor(room, camera) {
    this.room = room;
    this.camera = camera;
    for (const happening of ["focus", "blur"]) addEventListener(happening, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
    setInterval(() => this.#look(), LOOK_MS);
  }

  #state() {
    const [track] = this.camera.stream?.getVideoTracks() ?? [];
    return {
      focus_lost: document.hidden || !document.hasFocus(),
      second_screen: screen.isExtended === true, // undefined where the browser does not tell
      virtual_camera: isVirtual(track?.label ?? ""),
    };
  }

  async #look() {
    if (this.room.steps.now !== "test" || this.#saying) return;
    const state = this.#state();
    const now = JSON.stringify(state);
    const unusual = Object.values(state).some(Boolean);
    if (this.#said === null && !unusual) this.#said = now; // nothing to say yet
    if (now === this.#said && !(unusual && performance.now() - this.#saidAt > REPEAT_MS)) return;
    this.#saying = true;
    try {
      await this.room.client.pageState(state);
      this.#said = now;
      this.#saidAt = performance.now();
    } catch (problem) {
      if (!problem.retryable) this.#said = now; // else: once more at the next look
    } finally {
      this.#saying = false;
    }
  }
}
