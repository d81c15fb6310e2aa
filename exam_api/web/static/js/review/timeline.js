// The timeline: one lane a kind of flag over the recording's time; gaps hatched.
import { svg } from "../dom.js";
import { t } from "../i18n.js";
import { span } from "../time.js";

const LANE = 22;
const NAME = 16;
const TOP = 26;
const STEPS = [5, 10, 30, 60, 120, 300, 600, 900, 1800];

export class Timeline {
  /** `onSeek(ms)` for a click on a lane, `onFlag(flag)` for a flag. */
  constructor(box, onSeek, onFlag) {
    Object.assign(this, { box, onSeek, onFlag });
    new ResizeObserver(() => this.draw()).observe(box);
  }

  set(data) {
    this.data = data;
    this.draw();
  }

  get #length() {
    const ends = this.data.flags.map((flag) => flag.end_ms ?? flag.start_ms);
    return Math.max(1000, this.data.recording.until_ms, ...ends);
  }

  #x(ms) {
    return (ms / this.#length) * this.width;
  }

  draw() {
    if (!this.data || !this.box.clientWidth) return;
    this.width = this.box.clientWidth;
    const kinds = [...new Set(this.data.flags.map((flag) => flag.kind))];
    const height = TOP + Math.max(1, kinds.length) * (LANE + NAME + 6);
    const drawing = svg("svg", { class: "timeline", viewBox: `0 0 ${this.width} ${height}`, height, role: "group", "aria-label": t("review.timeline") }, hatch());
    drawing.append(...this.#ticks(height));
    const lanes = kinds.length ? kinds : [null];
    lanes.forEach((kind, index) => drawing.append(...this.#lane(kind, TOP + index * (LANE + NAME + 6))));
    this.now = svg("line", { class: "now", y1: TOP - 6, y2: height, x1: 0, x2: 0 });
    drawing.append(this.now);
    this.box.replaceChildren(drawing);
    this.choose(this.chosen);
    this.at(this.nowMs ?? 0);
  }

  #ticks(height) {
    const seconds = this.#length / 1000;
    const step = STEPS.find((one) => (seconds / one) * 64 < this.width) ?? 3600;
    const ticks = [];
    for (let s = 0; s <= seconds; s += step) {
      const x = this.#x(s * 1000);
      ticks.push(svg("line", { class: "tick", x1: x, x2: x, y1: TOP - 8, y2: height }));
      if (x + 36 < this.width) ticks.push(svg("text", { class: "tick-name", x: x + 3, y: 11 }, span(s * 1000)));
    }
    return ticks;
  }

  #lane(kind, y) {
    const bar = y + NAME;
    const nodes = [svg("rect", { class: "lane", x: 0, y: bar, width: this.width, height: LANE, rx: 4 })];
    if (kind) nodes.push(svg("text", { class: "lane-name", x: 0, y: y + 12 }, t(`flag.${kind}`)));
    for (const gap of this.data.recording.gaps) {
      const title = svg("title", {}, `${t("review.gap")}: ${t(`gap.${gap.cause}`)}`);
      nodes.push(svg("rect", { class: "gap", x: this.#x(gap.start_ms), y: bar, width: Math.max(3, this.#x(gap.end_ms - gap.start_ms)), height: LANE }, title));
    }
    for (const one of this.data.recording.supplied) {
      const title = svg("title", {}, `${t("review.supplied")}: ${span(one.start_ms)} – ${span(one.end_ms)}`);
      nodes.push(svg("rect", { class: "supplied", x: this.#x(one.start_ms), y: bar, width: Math.max(3, this.#x(one.end_ms - one.start_ms)), height: LANE }, title));
    }
    const seek = (event) => {
      const { left, width } = event.currentTarget.getBoundingClientRect();
      this.onSeek(((event.clientX - left) / width) * this.#length);
    };
    nodes.push(svg("rect", { class: "hit", x: 0, y: bar, width: this.width, height: LANE, onclick: seek }));
    for (const flag of this.data.flags.filter((one) => one.kind === kind)) nodes.push(this.#flag(flag, bar));
    return nodes;
  }

  #flag(flag, y) {
    const end = flag.end_ms ?? this.#length;
    const pick = () => this.onFlag(flag);
    // The table beside holds the same flags for the keyboard; here they take no tab stops.
    return svg("rect", {
      class: `flag ${flag.severity} ${flag.decision?.verdict ?? ""}`, "data-flag": flag.id,
      x: this.#x(flag.start_ms), y: y + 2, width: Math.max(8, this.#x(end - flag.start_ms)), height: LANE - 4, rx: 4, onclick: pick,
    }, svg("title", {}, `${t(`flag.${flag.kind}`)} ${span(flag.start_ms)}`));
  }

  choose(id) {
    this.chosen = id;
    for (const node of this.box.querySelectorAll(".flag")) node.classList.toggle("chosen", node.dataset.flag === id);
  }

  at(ms) {
    this.nowMs = ms;
    if (!this.now) return;
    const x = Math.min(this.width, this.#x(ms));
    this.now.setAttribute("x1", x);
    this.now.setAttribute("x2", x);
  }
}

function hatch() {
  const pattern = svg("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 3, height: 6, fill: "currentColor", opacity: 0.25 }));
  return svg("defs", {}, pattern);
}
