// The proctor's console: snapshot first, then events from its cursor on.
import { $, $$, el, isTyping, say, show, sleep } from "../dom.js";
import { call } from "../api.js";
import { problemText, t } from "../i18n.js";
import { clock as clockText } from "../time.js";
import { watchLoad } from "./load.js";
import "../review/course.js";
import { LiveLine } from "./stream.js";
import { isAsking, isCompleted, isFlagged, isSign, isSilent, trackWord } from "./tile.js";

const SHOTS_MS = 2500;
const FEED_LENGTH = 60;
const SPEAK_MS = 3000; // one summary for what came in this time, not a sentence a flag
const KINDS = ["sitting.changed", "sitting.noted", "media.started", "media.lost", "flag.opened", "flag.updated", "flag.closed", "decision.made", "act.made", "recording.failed", "session.second", "watch.ended"];
const FILTERS = {
  all: () => true,
  asking: isAsking,
  flagged: isFlagged,
  silent: isSilent,
  running: (tile) => tile.state === "in_progress" || tile.state === "paused",
  finished: isCompleted,
};

class ExamConsole extends HTMLElement {
  #tiles = new Map(); // sitting id → tile
  #items = new Map(); // sitting id → <li>
  #filter = "all";
  #failed = new Map(); // sitting id → why the disk does not take its recording
  #fed = new Set(); // flags that the feed has told
  #news = [];
  #missing = new Set(); // sitting and track, told once until it is back
  #wasLost = false;

  async connectedCallback() {
    this.base = `/api/v1/exams/${this.dataset.exam}`;
    for (const button of $$("[data-filter]", this)) button.addEventListener("click", () => this.#choose(button.dataset.filter));
    $("#search").addEventListener("input", () => this.#arrange());
    $("#wall").addEventListener("keydown", (event) => this.#onKey(event));
    $("#wall").addEventListener("focusout", () => setTimeout(() => this.#arrange(), 0));
    $("#wall").addEventListener("act", (event) => this.#act(event.detail));
    $("[data-close]", $("#act-dialog")).addEventListener("click", () => $("#act-dialog").close());
    $("#act-dialog").addEventListener("close", () => $("#act-dialog sitting-course")?.remove());
    const snapshot = await this.#load();
    if (!snapshot) return;
    this.line = new LiveLine(`${this.base}/events`, snapshot.cursor, KINDS, (kind, data) => this.#event(kind, data), (state) => this.#lineState(state));
    setInterval(() => this.#speak(), SPEAK_MS);
    this.#refreshShots();
    watchLoad(this.base, () => this.#end());
  }

  async #load() {
    for (;;) {
      try {
        const snapshot = await call("GET", `${this.base}/console`);
        const now = new Set(snapshot.tiles.map((tile) => tile.sitting_id));
        for (const id of [...this.#tiles.keys()]) if (!now.has(id)) this.#drop(id);
        for (const tile of snapshot.tiles) this.#put(tile);
        this.#rebuildFeed();
        this.#arrange();
        return snapshot;
      } catch (problem) {
        this.#lineState("lost");
        if (problem.code === "not_found") return this.#end();
        if (!problem.retryable) say($("#connection"), problemText(problem.code));
        await sleep(2000);
      }
    }
  }

  #lineState(state) {
    const lost = state === "lost";
    const line = $("#connection");
    line.classList.toggle("lost", lost);
    say(line, t(lost ? "console.reconnecting" : "console.live"));
    show($("#lost"), lost);
    // What the line missed it brings by itself; the snapshot mends what a restart changed.
    if (!lost && this.#wasLost) this.#load();
    this.#wasLost = lost;
  }

  // --- events -------------------------------------------------------------------------------------

  #event(kind, data) {
    if (kind === "watch.ended") return data.sitting_id ? this.#leave(data.sitting_id) : this.#end();
    const { wants: before = [], lacking: lacked = [] } = this.#tiles.get(data.sitting_id) ?? {};
    for (const want of data.tile?.wants ?? []) if (!before.includes(want)) this.#news.push(`${t(`want.${want}`)}: ${data.tile.student.full_name}`);
    for (const what of data.tile?.lacking ?? []) if (!lacked.includes(what)) this.#lacks(data.tile, what, data.at);
    if (data.tile) this.#put(data.tile);
    const tile = this.#tiles.get(data.sitting_id);
    if (!tile) return;
    if (kind.startsWith("flag.") && data.flag) this.#flag(tile, data.flag);
    if (kind === "media.lost" && data.track !== "camera") this.#trackLost(tile, data);
    if (kind === "media.started") this.#missing.delete(`${data.sitting_id} ${data.track}`);
    if (kind === "decision.made") this.#decided(tile, data);
    if (kind === "media.lost" && !data.tile && data.track === "camera") tile.recording.live = false;
    if (kind === "media.started" && !data.tile && data.track === "camera") tile.recording.live = true;
    if (kind === "session.second") this.#secondLogIn(tile, data);
    if (kind === "recording.failed") this.#failed.set(data.sitting_id, data.code);
    if (kind === "media.started" || isCompleted(tile)) this.#failed.delete(data.sitting_id);
    this.#tellStorage();
    this.#put(tile);
    this.#arrange();
  }

  /** Another proctor has the student now: nothing of that student stays on this screen. */
  #leave(id) {
    this.#drop(id);
    this.#tellStorage();
    this.#arrange();
  }

  #drop(id) {
    this.#items.get(id)?.remove();
    for (const entry of $$(`#feed [data-sitting="${id}"]`)) entry.remove();
    for (const held of [this.#items, this.#tiles, this.#failed]) held.delete(id);
    for (const dialog of $$("dialog[open]")) if (dialog.dataset.sitting === id) dialog.close();
  }

  /** The exam is no longer this person's to watch. */
  #end() {
    this.line?.close();
    for (const id of [...this.#tiles.keys()]) this.#drop(id);
    this.#news = [];
    this.#tellStorage();
    this.#arrange();
    show($("#lost"), false);
    show($("#ended"));
    say($("#connection"), "");
  }

  /** The course of a sitting and what may be done, without leaving the wall. */
  #act(tile) {
    const dialog = $("#act-dialog");
    say($("h2", dialog), tile.student.full_name);
    dialog.dataset.sitting = tile.sitting_id;
    $("p", dialog).after(el("sitting-course", { "data-sitting": tile.sitting_id, "data-act": "yes" }));
    dialog.showModal();
  }

  #tellStorage() {
    const [code] = this.#failed.values();
    show($("#storage"), Boolean(code));
    if (code) say($("#storage p"), problemText(code));
  }

  #flag(tile, flag) {
    const known = tile.flags.findIndex((one) => one.id === flag.id);
    if (known < 0) tile.flags.push(flag);
    else tile.flags[known] = { ...tile.flags[known], ...flag };
    if (isSign(flag) || this.#fed.has(flag.id)) return; // a sign is on the tile while it lasts
    this.#feed(tile, flag);
    this.#news.push(`${t(`flag.${flag.kind}`)}: ${tile.student.full_name}`);
  }

  /** A screen or a second camera went away while the test runs: no flag, but the proctor hears of it. */
  #trackLost(tile, { track, at }) {
    const name = `${tile.sitting_id} ${track}`;
    if (tile.state !== "in_progress" || this.#missing.has(name)) return;
    this.#missing.add(name);
    this.#entry(tile, "", "notice", trackWord(track, false), clockText(Date.parse(at)));
    this.#news.push(`${trackWord(track, false)}: ${tile.student.full_name}`);
  }

  /** No sound, or a browser that tells no screen from a window: the tile keeps the mark. */
  #lacks(tile, what, at) {
    this.#entry(tile, "", "notice", t(`log.${what}`), clockText(Date.parse(at)));
    this.#news.push(`${t(`log.${what}`)}: ${tile.student.full_name}`);
  }

  /** The tile keeps the mark; the review tells from where, and how the student chose. */
  #secondLogIn(tile, { outcome, at }) {
    const what = `${t("console.second_log_in")}: ${t(`second.outcome.${outcome}`)}`;
    this.#entry(tile, "", "notice", what, clockText(Date.parse(at)));
    this.#news.push(`${what}: ${tile.student.full_name}`);
  }

  #decided(tile, { flag_id: id, verdict }) {
    const flag = tile.flags.find((one) => one.id === id);
    if (flag) flag.verdict = verdict;
  }

  #put(tile) {
    this.#tiles.set(tile.sitting_id, tile);
    let item = this.#items.get(tile.sitting_id);
    if (!item) {
      item = el("li", {}, document.createElement("exam-tile"));
      this.#items.set(tile.sitting_id, item);
      $("#wall").append(item);
    }
    item.firstElementChild.update(tile);
  }

  #speak() {
    if (!this.#news.length) return;
    say($("#spoken"), this.#news.length > 3 ? t("console.news", { n: this.#news.length }) : this.#news.join(". "));
    this.#news = [];
  }

  // --- feed ---------------------------------------------------------------------------------------

  #rebuildFeed() {
    $("#feed").replaceChildren();
    this.#fed.clear();
    const all = [...this.#tiles.values()].flatMap((tile) => tile.flags.filter((flag) => !isSign(flag)).map((flag) => ({ tile, flag })));
    for (const { tile, flag } of all.sort((a, b) => openedAt(a.flag) - openedAt(b.flag))) this.#feed(tile, flag);
  }

  #feed(tile, flag) {
    this.#fed.add(flag.id);
    this.#entry(tile, `#flag-${flag.id}`, flag.severity, t(`flag.${flag.kind}`), `${clockText(openedAt(flag))} · ${t(`severity.${flag.severity}`)}`);
  }

  #entry(tile, part, severity, what, when) {
    const entry = el("li", { "data-sitting": tile.sitting_id }, el("a", { href: `/review/${tile.sitting_id}${part}` },
      el("span", { class: "kind" }, el("span", { class: `dot ${severity}` }), what),
      el("span", { class: "small" }, tile.student.full_name),
      el("span", { class: "small muted num" }, when)));
    const feed = $("#feed");
    feed.prepend(entry);
    while (feed.childElementCount > FEED_LENGTH) feed.lastElementChild.remove();
    show($("#calm"), false);
  }

  // --- the wall -----------------------------------------------------------------------------------

  #choose(name) {
    this.#filter = name;
    for (const button of $$("[data-filter]", this)) button.setAttribute("aria-pressed", String(button.dataset.filter === name));
    this.#arrange();
  }

  /** By risk, worst first. While a tile has the focus nothing moves. */
  #arrange() {
    const tiles = [...this.#tiles.values()];
    for (const [name, test] of Object.entries(FILTERS)) say($(`[data-count=${name}]`), String(tiles.filter(test).length));
    const words = $("#search").value.trim().toLocaleLowerCase();
    const fits = (tile) => FILTERS[this.#filter](tile) && `${tile.student.full_name} ${tile.student.group}`.toLocaleLowerCase().includes(words);
    let shown = 0;
    for (const tile of tiles) {
      const visible = fits(tile);
      show(this.#items.get(tile.sitting_id), visible);
      shown += visible ? 1 : 0;
    }
    show($("#nobody"), shown === 0);
    const wall = $("#wall");
    if (wall.contains(document.activeElement)) return;
    const order = tiles.sort((a, b) => rank(b) - rank(a) || a.student.full_name.localeCompare(b.student.full_name));
    order.forEach((tile, index) => {
      const item = this.#items.get(tile.sitting_id);
      if (wall.children[index] !== item) wall.insertBefore(item, wall.children[index]);
    });
  }

  async #refreshShots() {
    for (;;) {
      const visible = [...this.#items.values()].filter((item) => !item.hidden && onScreen(item));
      if (!document.hidden) await Promise.all(visible.map((item) => item.firstElementChild.refresh()));
      await sleep(SHOTS_MS);
    }
  }

  #onKey(event) {
    if (isTyping(event)) return;
    const links = $$("li:not([hidden]) .tile", $("#wall"));
    const at = links.indexOf(document.activeElement);
    if (at < 0) return;
    const columns = getComputedStyle($("#wall")).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    const next = step ? links[at + step] : event.key === "Home" ? links[0] : event.key === "End" ? links.at(-1) : null;
    if (!next) return;
    next.focus();
    event.preventDefault();
  }
}

/** Ids are UUIDv7: their first 48 bits are the moment they were made, in ms. */
const openedAt = (flag) => Number.parseInt(flag.id.slice(0, 8) + flag.id.slice(9, 13), 16);

/** The server's risk, raised by what goes on now; those who are done come last. */
function rank(tile) {
  if (isCompleted(tile)) return -1000 + tile.risk;
  return tile.risk + (isSilent(tile) ? 5 : 0) + (isAsking(tile) ? 3 : 0);
}

function onScreen(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > -200 && top < innerHeight + 200;
}

customElements.define("exam-console", ExamConsole);
