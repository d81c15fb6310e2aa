// The recording as MP4: asked for, made by the server in the background, then a link.
import { $, el, say, show } from "../dom.js";
import { call } from "../api.js";
import { problemText, t } from "../i18n.js";
import { moment } from "../time.js";

const AGAIN_MS = 2000;

/** Draws into #export. `show(base, track, over)`: which track; `over`: the sitting is completed. */
export class ExportPanel {
  #path = "";
  #base = "";
  #track = "";

  show(base, track, over) {
    const path = `${base}/exports/${track}`;
    if (!over || path === this.#path) return;
    this.#path = path;
    this.#base = base;
    this.#track = track;
    $("#export-start").onclick = () => this.#ask();
    this.#load();
  }

  async #ask() {
    await this.#drawn(call("POST", `${this.#base}/exports`, { track: this.#track }));
  }

  async #load() {
    await this.#drawn(call("GET", this.#path));
  }

  /** What was asked of a track that is no longer the chosen one is not drawn. */
  async #drawn(asked) {
    const path = this.#path;
    clearTimeout(this.again);
    try {
      const made = await asked;
      if (path === this.#path) this.#draw(made);
    } catch (problem) {
      if (path !== this.#path) return;
      show($("#export"), problem.code !== "not_found");
      say($("#export-state"), problemText(problem.code));
      if (this.busy) this.again = setTimeout(() => this.#load(), 2 * AGAIN_MS);
    }
  }

  #draw(made) {
    this.busy = made.state === "waiting" || made.state === "running";
    const button = $("#export-start");
    const focused = document.activeElement === button;
    show($("#export"), true);
    show(button, made.state === "none" || made.state === "failed");
    show($("#export-progress"), this.busy);
    $("#export-progress").value = made.progress;
    say($("#export-percent"), made.state === "running" ? `${made.progress} %` : "");
    this.#drawFile(made);
    say($("#export-state"), words(made));
    if (focused && made.state !== "none" && made.state !== "failed") $("#export-state").focus();
    if (this.busy) this.again = setTimeout(() => this.#load(), AGAIN_MS);
  }

  #drawFile(made) {
    const done = made.state === "done";
    $("#export-file").replaceChildren(...(done
      ? [el("a", { class: "button small", href: `${this.#base}/recording.mp4?track=${this.#track}`, download: "" }, t("export.fetch"))]
      : []));
  }
}

function words({ state, error, until }) {
  if (state === "running") return t("export.running"); // said once; the bar tells how far it is
  if (state === "waiting") return t("export.waiting");
  if (state === "failed") return problemText(error);
  return state === "done" ? t("export.until", { time: moment(until) }) : "";
}
