// The test stands still: stopped by a proctor, or a break that the student declared.
import { $, say, show, sleep } from "../dom.js";
import { problemText, t } from "../i18n.js";
import { span } from "../time.js";

const HIDDEN_MARGIN_MS = 60_000; // a clock that stands must not run out in the hidden player

export class Pauses {
  constructor(room) {
    this.room = room;
    $("[data-act=break]").addEventListener("click", () => $("#break-dialog").showModal());
    $("[data-act=break-no]").addEventListener("click", () => $("#break-dialog").close());
    $("[data-act=break-yes]").addEventListener("click", () => this.#begin());
    $("[data-act=end-break]").addEventListener("click", () => this.#end());
    setInterval(() => this.#tick(), 500);
  }

  /** After each word of the server. */
  paint(snapshot) {
    const { pause, breaks_left: left, break_min: minutes, state } = snapshot;
    const { steps, player, clock } = this.room;
    show($("#break-bar"), steps.now === "test" && left > 0 && state === "in_progress");
    say($("[data-act=break]"), t("break.button", { n: left }));
    say($("#break-about"), t("break.about", { n: minutes }));
    if (pause && steps.now === "test") this.#stop(pause);
    if (!pause && steps.now === "paused") steps.go("test");
    if (!snapshot.deadline_at) return;
    const deadline = Date.parse(snapshot.deadline_at);
    player.deadline = pause?.stops_clock ? Math.max(deadline, clock.now() + HIDDEN_MARGIN_MS) : deadline;
  }

  #stop(pause) {
    const own = pause.kind !== "proctor";
    say($("#paused-title"), t(own ? "break.title" : "paused.title"));
    say($("#paused-text"), t(own ? (pause.stops_clock ? "break.stops" : "break.runs_on") : "paused.text"));
    show($("[data-act=end-break]"), own);
    this.room.steps.go("paused");
  }

  #tick() {
    const { pause } = this.room.snapshot ?? {};
    if (!pause || this.room.steps.now !== "paused") return;
    const left = Date.parse(pause.until) - this.room.clock.now();
    say($("#paused-left"), span(Math.max(0, left) + 499));
    if (left <= 0) this.#over();
  }

  /** The server ends it by itself within a second. */
  async #over() {
    if (this.waiting) return;
    this.waiting = true;
    await sleep(1200);
    await this.room.ask().catch(() => {});
    this.waiting = false;
  }

  async #begin() {
    const { client, player } = this.room;
    try {
      await player.outbox.flush();
      await this.room.ask(() => client.beginBreak());
      $("#break-dialog").close();
    } catch (problem) {
      show($("#break-problem"));
      say($("#break-problem"), problemText(problem.code));
    }
  }

  async #end() {
    try {
      await this.room.ask(() => this.room.client.endBreak());
    } catch (problem) {
      say($("#paused-text"), problemText(problem.code));
    }
  }
}
