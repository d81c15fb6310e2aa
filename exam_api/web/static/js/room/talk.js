// Words between student and proctor: messages, warnings to be acknowledged, requests for lost time.
import { $, el, say, show } from "../dom.js";
import { problemText, t } from "../i18n.js";
import { clock } from "../time.js";
import { isOver } from "./ending.js";

/** Shows what the snapshot's `talk` says; asks the server through the room. */
export class Talk {
  #shown = "";
  #asking = false;

  constructor(room) {
    this.room = room;
    const form = $("#talk form");
    form.addEventListener("submit", (event) => this.#send(event));
    // Not to be waved away by Escape: it must be acknowledged.
    $("#warning-dialog").addEventListener("cancel", (event) => event.preventDefault());
    $("[data-act=warning-read]").addEventListener("click", () => this.#acknowledge());
    $("[data-act=ask-time]").addEventListener("click", () => this.#ask(!this.#asking));
    $("#talk").addEventListener("toggle", () => this.#seen());
  }

  /** After each word of the server. */
  paint(snapshot) {
    const { talk, may_ask_time: mayAsk, state } = snapshot;
    show($("#talk"), !isOver(snapshot) && state !== "scheduled");
    const waits = talk.some((entry) => entry.kind === "time_asked" && entry.open);
    show($("[data-act=ask-time]"), mayAsk && !waits);
    if (this.#asking && (!mayAsk || waits)) this.#ask(false);
    const shown = JSON.stringify(talk);
    if (shown === this.#shown) return;
    this.#shown = shown;
    $("#talk ol").replaceChildren(...talk.map(line));
    show($("#talk .empty"), talk.length === 0);
    this.#tellNew(talk);
    this.#warn(talk.find((entry) => entry.kind === "warning" && entry.open));
  }

  // --- what is new --------------------------------------------------------------------------------

  #tellNew(talk) {
    const theirs = talk.filter((entry) => !entry.mine && entry.kind !== "warning");
    this.newest = theirs.at(-1)?.id ?? null;
    const seen = sessionStorage.getItem(this.#key) ?? "";
    const fresh = theirs.filter((entry) => entry.id > seen);
    const count = $("#talk-new");
    show(count, fresh.length > 0);
    say(count, String(fresh.length));
    show($("#talk-notice"), fresh.length > 0);
    if (fresh.length) say($("#talk-notice"), t("talk.notice", { text: words(fresh.at(-1)) }));
    if ($("#talk").open) this.#seen();
  }

  get #key() {
    return `talk:${this.room.client.id}`;
  }

  #seen() {
    if (!$("#talk").open || !this.newest) return;
    sessionStorage.setItem(this.#key, this.newest);
    show($("#talk-new"), false);
    show($("#talk-notice"), false);
  }

  #warn(warning) {
    const dialog = $("#warning-dialog");
    this.warning = warning;
    if (!warning) return dialog.close();
    say($("#warning-text"), warning.text);
    if (!dialog.open) dialog.showModal();
    return undefined;
  }

  // --- what the student says ----------------------------------------------------------------------

  async #acknowledge() {
    const { client } = this.room;
    await this.#try($("#warning-problem"), () => client.acknowledge(this.warning.id));
  }

  #ask(asking) {
    this.#asking = asking;
    $("[data-act=ask-time]").setAttribute("aria-pressed", String(asking));
    say($("#talk-label"), t(asking ? "talk.ask_label" : "talk.label"));
    say($("#talk form .primary"), t(asking ? "talk.ask_send" : "talk.send"));
    if (asking) $("#talk textarea").focus();
  }

  async #send(event) {
    event.preventDefault();
    const field = $("#talk textarea");
    const text = field.value.trim();
    const { client } = this.room;
    const sent = await this.#try($("#talk-problem"), () => (this.#asking ? client.askTime(text) : client.reply(text)));
    if (sent) field.value = "";
  }

  /** What could not be sent stays where it was typed. */
  async #try(problemBox, call) {
    try {
      await this.room.ask(call);
      show(problemBox, false);
      return true;
    } catch (problem) {
      show(problemBox);
      say(problemBox, problemText(problem.code));
      return false;
    }
  }
}

const words = (entry) => {
  const what = entry.minutes ? t("course.with_minutes", { what: t(`log.${entry.kind}`), n: entry.minutes }) : t(`log.${entry.kind}`);
  return entry.text && entry.kind === "message" ? entry.text : `${what}${entry.text ? `: ${entry.text}` : ""}`;
};

function line(entry) {
  return el("li", { class: entry.mine ? "mine" : "theirs" },
    el("span", { class: "small muted" }, `${t(entry.mine ? "talk.me" : "talk.proctor")}, ${clock(entry.at)}`),
    el("span", {}, entry.kind === "reply" ? entry.text : words(entry)));
}
