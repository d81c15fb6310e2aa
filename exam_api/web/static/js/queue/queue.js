// The admission queue keeps itself true: who comes is added, who is decided on goes, and what a
// person is typing stays. J and K go from one to the next, A admits, R asks for the reason.
import { LiveLine } from "../console/stream.js";
import { $, $$, isTyping, say, show } from "../dom.js";

const TOGETHER_MS = 300; // a class that comes at once is one look at the server

class AdmissionQueue extends HTMLElement {
  #planned = null;
  #wasLost = false;

  connectedCallback() {
    const events = `/api/v1/exams/${this.dataset.exam}/events`;
    this.line = new LiveLine(events, this.dataset.cursor, ["sitting.changed", "sitting.noted"], () => this.#plan(), (state) => this.#lineState(state));
    document.addEventListener("keydown", (event) => this.#onKey(event));
  }

  #lineState(state) {
    const lost = state === "lost";
    show($("#lost"), lost);
    if (!lost && this.#wasLost) this.#plan();
    this.#wasLost = lost;
  }

  #plan() {
    this.#planned ??= setTimeout(() => this.#refresh(), TOGETHER_MS);
  }

  async #refresh() {
    const answer = await fetch(location.pathname, { cache: "no-store", headers: { Accept: "text/html" } }).catch(() => null);
    this.#planned = null;
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.#merge($$("#queue > li", fresh));
    say($("#counts"), $("#counts", fresh).textContent);
    show($("#empty"), $("#empty", fresh).hidden === false);
  }

  #merge(fresh) {
    const list = $("#queue");
    const ids = new Set(fresh.map((one) => one.dataset.sitting));
    const known = new Map($$("#queue > li").map((one) => [one.dataset.sitting, one]));
    for (const [id, one] of known) if (!ids.has(id)) this.#remove(one);
    for (const one of fresh) if (!known.has(one.dataset.sitting)) list.append(document.adoptNode(one));
  }

  #remove(one) {
    const focused = one.contains(document.activeElement);
    const next = one.nextElementSibling ?? one.previousElementSibling ?? $("#main");
    one.remove();
    if (focused) next.focus();
  }

  #onKey(event) {
    if (isTyping(event)) return;
    const all = $$("#queue > li");
    const at = all.findIndex((one) => one.contains(document.activeElement));
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") all[Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), all.length - 1)]?.focus();
    else if (at >= 0 && key === "a") $("button[value=admit]", all[at])?.click();
    else if (at >= 0 && key === "r") $("input[name=reason]", all[at])?.focus();
    else return;
    event.preventDefault();
  }
}

customElements.define("admission-queue", AdmissionQueue);
