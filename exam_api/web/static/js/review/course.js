// A sitting's course: changes of state, what was said and granted, and what its proctor may do now.
import { $, el, say, show } from "../dom.js";
import { call } from "../api.js";
import { problemText, t } from "../i18n.js";
import { moment } from "../time.js";

const AGAIN_MS = 4000;
const COMPLETED = new Set(["submitted", "expired", "removed", "annulled", "absent", "not_admitted"]);
const BADGE = { checking: "accent", waiting: "warn", in_progress: "accent", paused: "warn", submitted: "ok", expired: "warn", removed: "alert", annulled: "alert", absent: "alert", not_admitted: "alert" };
const TIMED = new Set(["extend", "grant_time"]);
const SAYING = new Set(["message", "warn"]);
const PATHS = { message: "messages", warn: "warnings", grant_time: "time-requests/grant", refuse_time: "time-requests/refuse" };

/** <sitting-course data-sitting data-act="yes|no">; fires "course" with what the server said. */
class SittingCourse extends HTMLElement {
  #shown = "";
  #can = "";

  connectedCallback() {
    this.base = `/api/v1/sittings/${this.dataset.sitting}`;
    this.replaceChildren(
      el("p", { class: "note alert", role: "alert", hidden: true }),
      el("ol", { class: "history" }),
      el("p", { role: "status", tabindex: "-1" }),
      el("div", { class: "actions", role: "group", "aria-label": t("course.actions") }),
      el("form", { class: "course-form", hidden: true }));
    $("form", this).addEventListener("submit", (event) => this.#send(event));
    this.#load();
  }

  disconnectedCallback() {
    clearTimeout(this.again);
  }

  async #load() {
    clearTimeout(this.again);
    try {
      this.#show(await call("GET", `${this.base}/course`));
    } catch (problem) {
      this.#problem(problem.code);
    }
    if (this.isConnected && !COMPLETED.has(this.state)) this.again = setTimeout(() => this.#load(), AGAIN_MS);
  }

  #show(course) {
    this.#problem(null);
    this.state = course.state;
    this.dispatchEvent(new CustomEvent("course", { detail: course, bubbles: true }));
    this.#drawActions(course.can);
    // Only what is new is drawn: a reader's place and a screen reader's stay.
    const lines = history(course);
    const shown = lines.map((line) => line.key).join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    $("ol", this).replaceChildren(...lines.map((line) => line.node));
  }

  #drawActions(can) {
    if (this.dataset.act !== "yes" || this.#can === can.join()) return;
    this.#can = can.join();
    const focused = document.activeElement?.dataset?.action;
    $("[role=group]", this).replaceChildren(...can.map((action) =>
      el("button", { type: "button", class: `button small${action === "remove" ? " danger" : action === "admit" || action === "grant_time" ? " primary" : ""}`, "data-action": action, onclick: () => this.#ask(action) }, t(`course.${action}`))));
    if (focused) $(`[data-action=${focused}]`, this)?.focus();
    if (this.asking && !can.includes(this.asking)) this.#close();
  }

  #ask(action) {
    this.asking = action;
    const form = $("form", this);
    const saying = SAYING.has(action);
    form.replaceChildren(...[
      el("h3", {}, t(`course.${action}`)),
      el("p", { class: "small muted" }, t(`course.${action}.about`)),
      TIMED.has(action) && el("label", { class: "field" }, el("span", {}, t("course.minutes")), el("input", { type: "number", name: "minutes", min: "1", max: "60", value: "5", required: true })),
      el("label", { class: "field" }, el("span", {}, t(saying ? "course.text" : action === "admit" ? "course.reason_optional" : "course.reason")),
        el("textarea", { name: "words", rows: "2", maxlength: "500", required: action !== "admit" })),
      el("div", { class: "actions" },
        el("button", { class: `button ${action === "remove" || action === "refuse" ? "danger" : "primary"}` }, t(`course.${action}.do`)),
        el("button", { type: "button", class: "button", onclick: () => this.#close(true) }, t("course.cancel"))),
    ].filter(Boolean));
    show(form);
    $("input, textarea", form).focus();
  }

  #close(back = false) {
    const was = this.asking;
    this.asking = null;
    show($("form", this), false);
    if (back) $(`[data-action=${was}]`, this)?.focus();
  }

  async #send(event) {
    event.preventDefault();
    clearTimeout(this.again);
    const form = event.currentTarget;
    const action = this.asking;
    const words = form.elements.words.value.trim();
    const body = { [SAYING.has(action) ? "text" : "reason"]: words };
    if (TIMED.has(action)) body.minutes = Number(form.elements.minutes.value);
    const button = $("button", form);
    button.disabled = true;
    try {
      const course = await call("POST", `${this.base}/${PATHS[action] ?? action}`, body);
      this.#close();
      this.#show(course);
      const done = $("[role=status]", this);
      say(done, t(`course.${action}.done`));
      done.focus();
    } catch (problem) {
      this.#problem(problem.code);
    } finally {
      button.disabled = false;
      if (!COMPLETED.has(this.state)) this.again = setTimeout(() => this.#load(), AGAIN_MS);
    }
  }

  #problem(code) {
    const note = $("[role=alert]", this);
    show(note, Boolean(code));
    say(note, code ? problemText(code) : "");
  }
}

/** Changes of state and the log as one list, oldest first. */
function history({ transitions, log }) {
  const lines = [
    ...transitions.map((change) => ({ at: change.at, key: change.at + change.after, node: line(t(`state.${change.after}`), change.at, change.by ?? t("review.by_clock"), change.reason) })),
    ...log.map((entry) => ({ at: entry.at, key: entry.id + entry.open, node: line(what(entry), entry.at, entry.by, entry.text, entry.open) })),
  ];
  return lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

const what = (entry) => (entry.minutes ? t("course.with_minutes", { what: t(`log.${entry.kind}`), n: entry.minutes }) : t(`log.${entry.kind}`));

function line(title, at, by, text, open = false) {
  return el("li", {},
    el("strong", {}, title),
    ` — ${moment(at)}, ${by}${text ? `. ${text}` : ""} `,
    open && el("span", { class: "badge warn" }, t("course.open")));
}

export const badge = (state) => el("span", { class: `badge ${BADGE[state] ?? ""}` }, t(`state.${state}`));

// The heading of the review page tells the state too.
document.addEventListener("course", ({ detail }) => {
  const heading = document.getElementById("state");
  if (heading && heading.dataset.state !== detail.state) {
    heading.dataset.state = detail.state;
    heading.replaceChildren(badge(detail.state));
  }
});

customElements.define("sitting-course", SittingCourse);
