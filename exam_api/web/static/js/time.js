// Times in the zone of the viewer, worded as the server words them (i18n.py, moment).
import { months } from "./i18n.js";

const two = (n) => String(n).padStart(2, "0");

/** "22 қар. 2026, 10:05" */
export function moment(at) {
  const when = new Date(at);
  return `${when.getDate()} ${months[when.getMonth()]} ${when.getFullYear()}, ${hour(when)}`;
}

/** "10:05" */
export function hour(at) {
  const when = new Date(at);
  return `${two(when.getHours())}:${two(when.getMinutes())}`;
}

/** "10:05:30" */
export const clock = (at) => `${hour(at)}:${two(new Date(at).getSeconds())}`;

/** 3 725 000 → "1:02:05"; below an hour "02:05". */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const tail = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${tail}` : tail;
}

const FORMS = { moment, hour };

export function localise(root = document) {
  for (const node of root.querySelectorAll("time[data-local]")) node.textContent = FORMS[node.dataset.local](node.dateTime);
}
