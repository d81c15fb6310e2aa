// Review of one sitting: recording, flags, decisions, acts.
import { $, $$, el, isTyping, say, show } from "../dom.js";
import { call } from "../api.js";
import { lang, problemText, t } from "../i18n.js";
import { span } from "../time.js";
import { detail, fact, percent, verdictBadge } from "./detail.js";
import { ExportPanel } from "./export.js";
import { Timeline } from "./timeline.js";
import { drawTracks } from "./tracks.js";

const LANGUAGES = ["kk", "ru", "en"];
const LIVE_MS = 5000;

class SittingReview extends HTMLElement {
  #data = null;
  #chosen = null;
  #track = "camera";
  #export = new ExportPanel();

  async connectedCallback() {
    this.base = `/api/v1/sittings/${this.dataset.sitting}`;
    this.video = $("#video");
    this.timeline = new Timeline($("#timeline"), (ms) => this.#seek(ms), (flag) => this.#choose(flag.id, true));
    this.video.addEventListener("timeupdate", () => this.timeline.at(this.video.currentTime * 1000));
    this.video.addEventListener("error", () => this.#unplayable());
    this.video.addEventListener("loadedmetadata", () => this.#noVideo(false));
    $("#speed").addEventListener("change", (event) => { this.video.playbackRate = Number(event.target.value); });
    $("#refresh").addEventListener("click", () => this.#loadVideo());
    this.#rememberShortcuts();
    document.addEventListener("keydown", (event) => this.#onKey(event));
    addEventListener("hashchange", () => this.#fromAddress());
    await this.#load();
    this.#loadVideo();
    this.#fromAddress();
  }

  async #load() {
    try {
      this.#show(await call("GET", `${this.base}/flags`));
    } catch (problem) {
      this.#problem(problem.code);
    }
  }

  #show(data) {
    this.#data = data;
    this.#problem(null);
    this.timeline.set(data);
    this.#drawTable();
    this.#drawIntegrity();
    this.#drawActs();
    drawTracks(data, this.#track, (track) => this.#showTrack(track));
    this.#showExport();
    show($("#refresh"), data.recording.live);
    clearTimeout(this.again);
    // While the exam runs new flags come; the choice and what is being typed stay.
    if (data.recording.live) this.again = setTimeout(() => this.#load(), LIVE_MS);
  }

  #problem(code) {
    show($("#problem"), Boolean(code));
    if (code) say($("#problem p"), problemText(code));
  }

  // --- recording ----------------------------------------------------------------------------------

  #loadVideo() {
    const at = this.video.currentTime;
    const live = this.#data?.recording.live ? `&until=${this.#data.recording.until_ms}` : "";
    this.video.src = `${this.base}/recording.webm?track=${this.#track}${live}`;
    if (at) this.video.currentTime = at;
  }

  /** The same moment seen by another track: all files have the sitting's one timeline. */
  #showTrack(track) {
    this.#track = track;
    drawTracks(this.#data, track, (other) => this.#showTrack(other));
    this.#showExport();
    this.#loadVideo();
  }

  #showExport() {
    const { sitting, tracks } = this.#data;
    const recorded = tracks.some((one) => one.track === this.#track && one.recorded);
    this.#export.show(this.base, this.#track, recorded && Boolean(sitting.finished_at));
  }

  #noVideo(missing) {
    show($("#no-video"), missing);
    show(this.video, !missing);
  }

  /** The element does not say what the server answered. */
  async #unplayable() {
    this.#noVideo(true);
    try {
      await call("GET", this.video.src, undefined, { headers: { Range: "bytes=0-0" } });
    } catch (problem) {
      if (problem.retryable) this.#problem(problem.code);
    }
  }

  #seek(ms) {
    this.video.currentTime = Math.max(0, ms / 1000);
    this.timeline.at(ms);
  }

  // --- flags --------------------------------------------------------------------------------------

  #drawTable() {
    const { flags } = this.#data;
    const focused = document.activeElement?.dataset?.open;
    const rows = flags.map((flag) => el("tr", { "data-flag": flag.id, "aria-selected": String(flag.id === this.#chosen) },
      el("th", { scope: "row" }, el("button", { type: "button", class: "link", "data-open": flag.id, onclick: () => this.#choose(flag.id, true) }, t(`flag.${flag.kind}`))),
      el("td", { class: "num nowrap", "data-label": t("review.time") }, `${span(flag.start_ms)} – ${flag.end_ms === null ? "…" : span(flag.end_ms)}`),
      el("td", { "data-label": t("review.decision") }, verdictBadge(flag))));
    const head = ["review.flag", "review.time", "review.decision"];
    $("#flags").replaceChildren(flags.length
      ? el("table", { class: "stack flag-table" }, el("thead", {}, el("tr", {}, ...head.map((key) => el("th", { scope: "col" }, t(key))))), el("tbody", {}, ...rows))
      : el("p", { class: "empty" }, t("review.no_flags")));
    if (focused) $(`[data-open="${focused}"]`)?.focus();
  }

  #flag(id) {
    return this.#data?.flags.find((one) => one.id === id);
  }

  #fromAddress() {
    const id = location.hash.startsWith("#flag-") ? location.hash.slice(6) : this.#data?.flags[0]?.id;
    if (id && this.#flag(id)) this.#choose(id, false);
  }

  #choose(id, move) {
    const flag = this.#flag(id);
    if (!flag) return;
    this.#chosen = id;
    history.replaceState(null, "", `#flag-${id}`);
    for (const row of $$("#flags tr[data-flag]")) row.setAttribute("aria-selected", String(row.dataset.flag === id));
    this.timeline.choose(id);
    this.#drawDetail(flag);
    if (move) {
      this.#seek(flag.start_ms - 2000);
      $("#detail-heading").focus({ preventScroll: innerWidth > 1024 });
    }
  }

  #drawDetail(flag) {
    const card = $("#detail");
    card.replaceChildren(...detail(flag, {
      sitting: this.dataset.sitting,
      mayDecide: this.#data.may_decide ?? this.dataset.decide === "yes",
      onSeek: (ms) => {
        this.#seek(ms);
        this.video.scrollIntoView({ block: "nearest" });
        this.video.play();
      },
      onDecide: (verdict, comment) => this.#decide(flag, verdict, comment),
    }));
    show(card);
  }

  async #decide(flag, verdict, comment) {
    const buttons = $$("[data-verdict]");
    for (const button of buttons) button.disabled = true;
    try {
      const made = await call("POST", `/api/v1/flags/${flag.id}/decision`, { verdict, comment }, { timeout: 30000 });
      await this.#load();
      this.#choose(flag.id, false);
      $("#detail-heading").focus();
      if (made.act) $("#acts a")?.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      this.#problem(problem.code);
      $("#problem").scrollIntoView({ block: "center" });
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  // --- integrity, acts ----------------------------------------------------------------------------

  #drawIntegrity() {
    const { recording } = this.#data;
    const gaps = recording.gaps.map((gap) => el("li", {}, `${span(gap.start_ms)} – ${span(gap.end_ms)}: ${t(`gap.${gap.cause}`)}`));
    $("#integrity").replaceChildren(
      ...fact(t("review.recorded"), span(recording.recorded_ms)),
      ...(recording.supplied_ms ? fact(t("review.supplied"), span(recording.supplied_ms)) : []),
      ...fact(t("review.coverage"), recording.coverage === null ? "—" : `${(Math.floor(recording.coverage * 1000) / 10).toLocaleString(lang)} %`),
      ...fact(t("review.segments"), String(recording.segments)),
      ...fact(t("review.gaps"), gaps.length ? el("ul", { class: "history" }, ...gaps) : t("review.no_gaps")),
      ...fact(t("review.clock"), clockWords(recording.clock)),
      ...fact(t("review.digest"), recording.digest ? el("code", {}, recording.digest) : "—"));
  }

  #drawActs() {
    const [act] = this.#data.acts;
    const box = $("#acts");
    const behind = (this.#data.act_due && "review.act_due") || (this.#data.act_outgrown && "review.act_outgrown");
    const due = behind ? [el("span", { class: "badge warn" }, t(behind))] : [];
    if (!act) return box.replaceChildren(...due);
    return box.replaceChildren(...due,
      el("span", { class: `badge ${act.withdrawn ? "warn" : "accent"}` }, t("review.act", { number: act.number, revision: act.revision }), act.withdrawn ? ` · ${t("review.withdrawn")}` : ""),
      el("span", { class: "docs" }, ...LANGUAGES.map((code) =>
        el("a", { href: `/api/v1/acts/${act.id}.pdf?lang=${code}`, hreflang: code, "aria-label": `${t("act.download", { number: act.number })} (PDF, ${code})` }, `PDF ${t(`language.short.${code}`)}`))));
  }

  // --- keyboard -----------------------------------------------------------------------------------

  #rememberShortcuts() {
    const box = $("#shortcuts");
    box.checked = localStorage.getItem("review-shortcuts") !== "off";
    box.addEventListener("change", () => localStorage.setItem("review-shortcuts", box.checked ? "on" : "off"));
  }

  #onKey(event) {
    if (!$("#shortcuts").checked || isTyping(event)) return;
    const onControl = event.target.closest?.("button, a, summary, input, video");
    const steps = { j: () => this.#step(1), k: () => this.#step(-1), c: () => this.#press("confirmed"), d: () => this.#press("dismissed"), "[": () => this.#speed(-1), "]": () => this.#speed(1) };
    const free = { " ": () => (this.video.paused ? this.video.play() : this.video.pause()), ArrowLeft: () => this.#seek(this.video.currentTime * 1000 - 5000), ArrowRight: () => this.#seek(this.video.currentTime * 1000 + 5000) };
    const act = steps[event.key.toLowerCase()] ?? (onControl ? null : free[event.key]);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #step(by) {
    const flags = this.#data?.flags ?? [];
    const at = flags.findIndex((flag) => flag.id === this.#chosen);
    const next = flags[Math.min(flags.length - 1, Math.max(0, at + by))];
    if (next) this.#choose(next.id, true);
  }

  /** A decision is never made by a single key: the key brings the focus to its button. */
  #press(verdict) {
    $(`[data-verdict=${verdict}]`)?.focus();
  }

  #speed(by) {
    const select = $("#speed");
    select.selectedIndex = Math.min(select.options.length - 1, Math.max(0, select.selectedIndex + by));
    this.video.playbackRate = Number(select.value);
  }
}

function clockWords(clock) {
  if (!clock) return "—";
  const seconds = (Math.abs(clock.offset_ms) / 1000).toLocaleString(lang, { maximumFractionDigits: 2 });
  return t(clock.offset_ms < 0 ? "review.clock_behind" : "review.clock_ahead", { seconds, error: clock.error_ms });
}

customElements.define("sitting-review", SittingReview);
