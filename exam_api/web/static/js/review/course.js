// The sitting's course: every change of its state on record, and a proctor's removal (T-4.9).
import { $, el, say, show } from "../dom.js";
import { call } from "../api.js";
import { problemText, t } from "../i18n.js";
import { moment } from "../time.js";

const AGAIN_MS = 5000;
const REMOVABLE = new Set(["checking", "in_progress"]);
const BADGE = { checking: "accent", in_progress: "accent", submitted: "ok", expired: "warn", removed: "alert" };
const COMPLETED = new Set(["submitted", "expired", "removed"]);

class SittingCourse extends HTMLElement {
  #shown = 0;

  async connectedCallback() {
    this.base = `/api/v1/sittings/${this.dataset.sitting}`;
    $("form", this)?.addEventListener("submit", (event) => this.#remove(event));
    await this.#load();
  }

  async #load() {
    clearTimeout(this.again);
    try {
      this.#show(await call("GET", `${this.base}/transitions`));
    } catch (problem) {
      this.#problem(problem.code);
    }
    if (!COMPLETED.has(this.state)) this.again = setTimeout(() => this.#load(), AGAIN_MS);
  }

  #show(changes) {
    this.#problem(null);
    this.state = changes.at(-1)?.after ?? "scheduled";
    const form = $("details", this);
    if (form) show(form, REMOVABLE.has(this.state));
    // Only what is new is drawn: a reader's place and a screen reader's stay.
    if (changes.length === this.#shown) return;
    this.#shown = changes.length;
    const badge = el("span", { class: `badge ${BADGE[this.state] ?? ""}` }, t(`state.${this.state}`));
    document.getElementById("state").replaceChildren(badge);
    $("ol", this).replaceChildren(...changes.map((change) => el("li", {},
      el("strong", {}, t(`state.${change.after}`)),
      ` — ${moment(change.at)}, ${change.by ?? t("review.by_clock")}${change.reason ? `. ${change.reason}` : ""}`)));
  }

  #problem(code) {
    const note = $("[role=alert]", this);
    show(note, Boolean(code));
    say(note, code ? problemText(code) : "");
  }

  async #remove(event) {
    event.preventDefault();
    clearTimeout(this.again);
    const form = event.currentTarget;
    const button = $("button", form);
    button.disabled = true;
    try {
      this.#show(await call("POST", `${this.base}/remove`, { reason: $("textarea", form).value.trim() }));
      const done = $("[role=status]", this);
      say(done, t("review.removed_done"));
      done.focus();
    } catch (problem) {
      this.#problem(problem.code);
      if (!COMPLETED.has(this.state)) this.again = setTimeout(() => this.#load(), AGAIN_MS);
    } finally {
      button.disabled = false;
    }
  }
}

customElements.define("sitting-course", SittingCourse);
