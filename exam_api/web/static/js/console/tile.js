// One student on the wall. update(tile) changes only what differs; the focus never moves.
import { el, say, show } from "../dom.js";
import { t } from "../i18n.js";
import { watchLive } from "../live/dialog.js";
import { span } from "../time.js";

const COMPLETED = new Set(["submitted", "expired", "removed", "annulled", "absent", "not_admitted"]);
const TONE = { alert: "alert", notice: "warn", technical: "" };

export const isCompleted = (tile) => COMPLETED.has(tile.state);
export const isSilent = (tile) => tile.state === "in_progress" && !tile.recording.live;
const allowedWords = ({ extra_min, break_min, excused }) => [
  ...(extra_min ? [t("allowed.extra_min", { n: extra_min })] : []),
  ...(break_min ? [t("allowed.break_min", { n: break_min })] : []),
  ...excused.map((kind) => t(`flag.${kind}`)),
].join(", ");
export const openFlags = (tile) => tile.flags.filter((flag) => !flag.verdict && !flag.allowed);
/** The student waits for a proctor's word. */
export const isAsking = (tile) => tile.wants.length > 0;
export const isFlagged = (tile) => openFlags(tile).some((flag) => flag.severity === "alert" || flag.severity === "notice");
export const isSign = (flag) => flag.severity === "sign";
/** First signs that last: they become flags to judge, or end within seconds. */
const signs = (tile) => openFlags(tile).filter((flag) => isSign(flag) && flag.end_ms === null).map((flag) => `${t(`flag.${flag.kind}`)}?`);
const moreThanSigns = (tile) => openFlags(tile).filter((flag) => !isSign(flag));
/** Something is wrong at this moment. */
export const isRaised = (tile) => tile.flags.some((flag) => flag.end_ms === null && flag.severity === "alert" && !flag.allowed);

/** Screen and second camera, where the exam wants them and the sitting runs. */
const beside = (tile) => (isCompleted(tile) || tile.state === "scheduled" ? [] : tile.tracks.slice(1));
export const trackWord = (track, live) => t(live ? "live.track_on" : "live.track_off", { track: t(`track.${track}`) });

const warnings = (tile) => [...(tile.second_log_in ? [t("console.second_log_in")] : []), ...(isCompleted(tile) ? [] : tile.lacking.map((what) => t(`log.${what}`)))];

class ExamTile extends HTMLElement {
  #shotUrl = null;
  #busy = false;

  connectedCallback() {
    if (this.link) return;
    this.name = el("span", { class: "tile-name" });
    this.group = el("span");
    this.progress = el("span", { class: "num" });
    this.state = el("span", { class: "badge" });
    this.off = el("span", { class: "off" });
    this.picture = el("img", { alt: "", hidden: true, draggable: "false" });
    this.sign = el("span", { class: "sign", hidden: true, title: t("console.sign_about") });
    this.chips = el("span", { class: "chips" });
    this.link = el("a", { class: "tile" },
      el("span", { class: "shot" }, this.picture, this.state, this.off, this.sign),
      el("span", { class: "tile-body" }, this.name, el("span", { class: "tile-line" }, this.group, this.progress), this.chips));
    this.watch = el("button", { type: "button", class: "watch", hidden: true, onclick: () => watchLive(this.tile.sitting_id, this.tile.student.full_name, this.tile.tracks) }, t("live.watch"));
    this.act = el("button", { type: "button", class: "button small act", hidden: true, onclick: () => this.dispatchEvent(new CustomEvent("act", { detail: this.tile, bubbles: true })) }, t("console.act"));
    this.append(this.link, this.watch, this.act);
  }

  update(tile) {
    this.tile = tile;
    const silent = isSilent(tile);
    this.link.href = `/review/${tile.sitting_id}`;
    this.link.className = `tile ${isRaised(tile) ? "raised" : ""} ${silent ? "dead" : ""} ${tile.state === "scheduled" ? "away" : ""}`;
    say(this.name, tile.student.full_name);
    say(this.group, tile.student.group);
    say(this.progress, tile.result ? `${tile.result.letter} · ${tile.result.points}` : t("console.progress", { answered: tile.answered, total: tile.total }));
    say(this.state, silent ? t("console.no_media") : t(`state.${tile.state}`));
    this.state.className = `badge ${silent ? "warn" : tile.state === "in_progress" ? "ok" : ""}`;
    this.picture.classList.toggle("old", !tile.recording.live);
    const word = isCompleted(tile) ? null : tile.recording.live ? null : tile.state === "scheduled" ? t("console.not_started") : t("console.no_picture");
    say(this.off, word ?? "");
    show(this.off, Boolean(word));
    this.#drawSigns(tile);
    show(this.watch, !isCompleted(tile) && tile.tracks.some((one) => one.live));
    this.watch.setAttribute("aria-label", t("live.watch_of", { name: tile.student.full_name }));
    show(this.act, !isCompleted(tile) && tile.state !== "scheduled");
    this.act.setAttribute("aria-label", t("console.act_on", { name: tile.student.full_name }));
    this.#drawChips(tile);
    this.link.setAttribute("aria-label", this.#spoken(tile));
  }

  /** Over the picture, since they come and go: nothing below may move. */
  #drawSigns(tile) {
    const found = signs(tile);
    say(this.sign, found.join(" "));
    if (found.length && this.sign.hidden) this.refresh();
    show(this.sign, found.length > 0);
  }

  #drawChips(tile) {
    const counts = new Map();
    for (const flag of moreThanSigns(tile)) {
      const entry = counts.get(flag.kind) ?? { n: 0, severity: flag.severity, now: false };
      entry.n += 1;
      entry.now ||= flag.end_ms === null;
      counts.set(flag.kind, entry);
    }
    const confirmed = tile.flags.filter((flag) => flag.verdict === "confirmed").length;
    const allowed = allowedWords(tile.allowed);
    const inBreak = tile.flags.filter((flag) => flag.allowed && flag.end_ms === null);
    this.chips.replaceChildren(
      ...tile.wants.map((want) => el("span", { class: "badge accent" }, t(`want.${want}`))),
      ...inBreak.map((flag) => el("span", { class: "badge" }, `${t(`flag.${flag.kind}`)}: ${t("review.allowed")}`)),
      ...warnings(tile).map((words) => el("span", { class: "badge warn" }, words)),
      ...beside(tile).map(({ track, live }) => el("span", { class: `badge ${live ? "ok" : "warn"}` }, trackWord(track, live))),
      ...(allowed ? [el("span", { class: "badge" }, `${t("allowed.heading")}: ${allowed}`)] : []),
      ...[...counts].map(([kind, { n, severity, now }]) =>
        el("span", { class: `badge ${TONE[severity]}` }, `${now ? "● " : ""}${t(`flag.${kind}`)}${n > 1 ? ` ×${n}` : ""}`)),
      ...(confirmed ? [el("span", { class: "badge accent" }, t("console.confirmed", { n: confirmed }))] : []));
  }

  #spoken(tile) {
    const flags = moreThanSigns(tile).map((flag) => `${t(`flag.${flag.kind}`)} ${span(flag.start_ms)}`);
    const tracks = beside(tile).map(({ track, live }) => trackWord(track, live));
    return [tile.student.full_name, tile.student.group, this.state.textContent, this.progress.textContent, ...tile.wants.map((want) => t(`want.${want}`)), ...warnings(tile), ...signs(tile), ...tracks, ...flags].join(", ");
  }

  /** Fetch the newest picture; the old one stays until the new one is there. */
  async refresh() {
    const tile = this.tile;
    if (!tile || this.#busy || (!tile.recording.live && this.#shotUrl)) return;
    if (tile.state === "scheduled") return;
    this.#busy = true;
    try {
      const answer = await fetch(`/api/v1/sittings/${tile.sitting_id}/thumbnail.jpg`, { cache: "no-cache", signal: AbortSignal.timeout(5000) });
      if (!answer.ok) return;
      const url = URL.createObjectURL(await answer.blob());
      this.picture.src = url;
      await this.picture.decode().catch(() => {});
      show(this.picture);
      if (this.#shotUrl) URL.revokeObjectURL(this.#shotUrl);
      this.#shotUrl = url;
    } catch {
      // next round
    } finally {
      this.#busy = false;
    }
  }
}

customElements.define("exam-tile", ExamTile);
