// One flag: what was seen, by which model and rule, and the person's decision on it.
import { el, svg } from "../dom.js";
import { t } from "../i18n.js";
import { moment, span } from "../time.js";

export const percent = (value) => `${Math.round(value * 100)} %`;
export const verdictBadge = (flag) => {
  const verdict = flag.decision?.verdict;
  if (!verdict && flag.allowed) return el("span", { class: "badge" }, t("review.allowed"));
  if (!verdict && flag.severity === "sign") return el("span", { class: "badge" }, t("severity.sign"));
  const tone = { confirmed: "alert", dismissed: "" }[verdict] ?? "warn";
  return el("span", { class: `badge ${tone}` }, t(verdict ? `verdict.${verdict}` : "verdict.open"));
};

/** Nothing where the other badge says it already. */
const severityBadge = (flag) => (flag.severity === "sign" && !flag.decision ? null : el("span", { class: `badge ${flag.severity === "alert" ? "alert" : ""}` }, t(`severity.${flag.severity}`)));

/** The detail card's contents; `onDecide(verdict, comment)`. */
export function detail(flag, { onDecide, onSeek, mayDecide, sitting }) {
  return [
    el("h2", { id: "detail-heading", tabindex: "-1" }, `${t(`flag.${flag.kind}`)} · ${span(flag.start_ms)}`),
    el("p", { class: "row" }, verdictBadge(flag), severityBadge(flag)),
    evidence(flag),
    before(flag),
    facts(flag),
    explanation(flag),
    flag.second ? el("p", { class: "small muted" }, t(`review.second.${flag.second.finding}`, { percent: percent(flag.second.confidence) })) : null,
    el("div", { class: "actions" }, el("button", { type: "button", class: "button small", onclick: () => onSeek(flag.start_ms - 3000) }, `▶ ${t("review.play_here")}`)),
    el("h3", {}, t("review.clip")),
    clip(flag),
    mayDecide ? decisionForm(flag, onDecide) : null,
    mayDecide && flag.form3 ? outsider(flag, sitting) : null,
    history(flag),
    how(flag),
  ].filter(Boolean);
}

function evidence(flag) {
  if (flag.evidence_at_ms === null || flag.evidence_at_ms === undefined) return null;
  const boxes = flag.boxes.map((box) => svg("rect", { x: box.x0, y: box.y0, width: box.x1 - box.x0, height: box.y1 - box.y0 }, svg("title", {}, `${box.label} ${percent(box.score)}`)));
  return el("figure", { class: "evidence" },
    el("img", { src: `/api/v1/flags/${flag.id}/evidence.jpg`, alt: t("review.evidence_alt", { kind: t(`flag.${flag.kind}`), time: span(flag.evidence_at_ms) }) }),
    svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, ...boxes));
}

/** The seconds before it, in small. */
function before(flag) {
  if (!flag.before?.length) return null;
  const still = (at) => el("li", {},
    el("img", { src: `/api/v1/flags/${flag.id}/before/${at}.jpg`, alt: t("review.before_alt", { time: span(at) }) }),
    el("span", { class: "small muted num", "aria-hidden": "true" }, span(at)));
  return el("div", {}, el("h3", {}, t("review.before")), el("ol", { class: "before" }, ...flag.before.map(still)));
}

/** What such a flag claims, and what it does not. */
function explanation(flag) {
  const sign = flag.severity === "sign" && flag.end_ms !== null ? ` ${t("seen.sign")}` : "";
  if (flag.kind !== "speech") return el("p", { class: "small" }, t(`seen.${flag.kind}`) + sign);
  const lips = flag.boxes.find((box) => box.label.startsWith("lips_"))?.label;
  const whose = { lips_moving: t("seen.lips_moving"), lips_still: t("seen.lips_still") }[lips] ?? t("seen.lips_unknown");
  return el("p", { class: "small" }, `${whose} ${t("seen.speech")}`);
}

function clip(flag) {
  return el("video", { class: "clip", controls: true, preload: "metadata", playsinline: true, src: `/api/v1/flags/${flag.id}/clip.webm`, "aria-label": t("review.clip") });
}

function facts(flag) {
  const end = flag.end_ms === null ? t("review.lasting") : span(flag.end_ms);
  return el("dl", { class: "facts" },
    ...fact(t("review.time"), `${span(flag.start_ms)} – ${end}`),
    ...fact(t("review.confidence"), percent(flag.confidence)),
    ...fact(t("review.form1"), flag.form1_item ? t(`form1.${flag.form1_item}`) : t(flag.form3 ? "review.form3" : "form1.none")));
}

export const fact = (name, value) => [el("dt", {}, name), el("dd", { class: "num" }, value)];

function decisionForm(flag, onDecide) {
  const comment = el("textarea", { id: "comment", maxlength: 1000, rows: 2 });
  const send = (verdict) => () => onDecide(verdict, comment.value.trim());
  return el("form", { onsubmit: (event) => event.preventDefault() },
    el("h3", {}, t("review.decision")),
    el("p", { class: "small muted" }, t("review.decision_about")),
    el("label", { class: "field" }, el("span", {}, t("review.comment")), comment),
    el("div", { class: "row" },
      el("button", { type: "button", class: "button danger", "data-verdict": "confirmed", onclick: send("confirmed") }, t("review.confirm")),
      el("button", { type: "button", class: "button", "data-verdict": "dismissed", onclick: send("dismissed") }, t("review.dismiss"))));
}

/** Form 3 is drawn up by a commission, with this frame beside the enrolled photo. */
function outsider(flag, sitting) {
  return el("p", {}, el("a", { class: "button small", href: `/review/${sitting}/acts/new?form=3&flag=${flag.id}` }, t("review.form3")));
}

function history(flag) {
  const decisions = flag.history?.length ? flag.history : flag.decision ? [flag.decision] : [];
  if (!decisions.length) return null;
  return el("div", {}, el("h3", {}, t("review.history")),
    el("ul", { class: "history" }, ...decisions.map((one) =>
      el("li", {}, `${t(`verdict.${one.verdict}`)} — ${one.by}, ${moment(one.at)}${one.comment ? `. ${one.comment}` : ""}`))));
}

function how(flag) {
  return el("details", {}, el("summary", {}, t("review.how")),
    scores(flag),
    el("h3", {}, t("review.models")),
    el("ul", { class: "history" }, ...flag.models.map((model) => el("li", {}, `${model.id} ${model.version} `, el("code", {}, `sha256:${model.sha256.slice(0, 16)}…`)))),
    el("h3", {}, t("review.thresholds")),
    el("dl", { class: "facts" }, ...Object.entries(flag.thresholds).flatMap(([name, value]) => [el("dt", {}, el("code", {}, name)), el("dd", { class: "num" }, String(value))])));
}

/** The window's votes as a line, with the level at which the rule opens. */
function scores(flag) {
  if (!flag.scores?.length) return null;
  const from = flag.scores[0][0];
  const length = Math.max(1, flag.scores.at(-1)[0] - from);
  const points = flag.scores.map(([at, score]) => `${((at - from) / length) * 100},${(1 - score) * 100}`).join(" ");
  const level = flag.thresholds.on;
  const parts = [svg("polyline", { points })];
  if (typeof level === "number") parts.unshift(svg("line", { class: "level", x1: 0, x2: 100, y1: (1 - level) * 100, y2: (1 - level) * 100 }));
  return svg("svg", { class: "scores", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": t("review.scores", { n: flag.scores.length }) }, ...parts);
}
