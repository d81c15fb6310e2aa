// What an exam may want beside the camera: the screen, and the student's phone as a second camera.
import { $, $$, say, show } from "../dom.js";
import { problemText, t } from "../i18n.js";
import { mark } from "./steps.js";
import { Screen } from "./screen.js";

const RENEW_MS = 30_000; // before the code in the picture ends

/** `room` tells the last snapshot and the step. Does nothing where the exam wants the camera only. */
export class Beside {
  #link = null;
  #asking = false;

  constructor(room) {
    this.room = room;
    this.screen = new Screen(room.client);
    this.screen.addEventListener("change", () => room.paint());
    for (const button of $$("[data-share]")) button.addEventListener("click", () => this.screen.share());
    for (const button of $$("[data-phone]")) button.addEventListener("click", () => $("#phone-dialog").showModal());
    $("[data-phone-close]")?.addEventListener("click", () => $("#phone-dialog").close());
  }

  #wants(track) {
    return this.room.snapshot?.exam.tracks.includes(track) ?? false;
  }

  #live(track) {
    return this.room.snapshot.recording.tracks.includes(track) && (track !== "screen" || this.screen.sharing);
  }

  /** All that is wanted arrives at the server. */
  get ready() {
    return ["screen", "camera2"].every((track) => !this.#wants(track) || this.#live(track));
  }

  close() {
    this.screen.close({ goodbye: !this.room.snapshot?.finished_at });
    if (this.#wants("camera2")) $("#phone-dialog").close();
  }

  paint() {
    const step = this.room.steps.now;
    if (this.#wants("screen")) this.#paintScreen(step);
    if (this.#wants("camera2")) this.#paintPhone(step);
  }

  #paintScreen(step) {
    const live = this.#live("screen");
    const { problem, sharing } = this.screen;
    const words = problem ? t(`screen.${problem}`) : t(sharing ? "screen.connecting" : "screen.wanted");
    if (step === "check") {
      mark("screen", live ? "ok" : problem ? "bad" : "wait", live ? t("screen.on") : words);
      show($("#screen-card [data-share]"), !sharing);
    }
    show($("#screen-note"), step === "test" && !live);
    say($("#screen-note p"), sharing ? words : `${words} ${t("screen.noted")}`);
    show($("#screen-note [data-share]"), !sharing);
  }

  #paintPhone(step) {
    const live = this.#live("camera2");
    if (step === "check") mark("camera2", live ? "ok" : "wait", t(live ? "phone.on" : "phone.wanted"));
    show($("#phone-note"), step === "test" && !live);
    for (const code of $$(".phone-code")) show(code, !live);
    if (live) $("#phone-dialog").close();
    else if (step === "check" || step === "test") this.#offerLink();
  }

  /** A code that can be read now: asked for anew before it ends, and never twice at once. */
  async #offerLink() {
    if (this.#asking || (this.#link && Date.parse(this.#link.expires_at) - this.room.clock.now() > RENEW_MS)) return;
    this.#asking = true;
    try {
      this.#link = await this.room.client.phoneLink();
      for (const image of $$(".phone-code img")) image.src = this.#link.qr;
      for (const address of $$(".phone-code a")) { address.href = this.#link.url; say(address, this.#link.url); }
      for (const note of $$(".phone-code [role=status]")) say(note, "");
    } catch (problem) {
      for (const note of $$(".phone-code [role=status]")) say(note, problemText(problem.code));
    } finally {
      this.#asking = false;
    }
  }
}
