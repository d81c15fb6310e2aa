// Times in the zone and language of the viewer.
import { lang } from "./i18n.js";

const momentFormat = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const clockFormat = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const moment = (at) => momentFormat.format(new Date(at));
export const clock = (at) => clockFormat.format(new Date(at));

const two = (n) => String(n).padStart(2, "0");

/** 3 725 000 → "1:02:05"; below an hour "02:05". */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const tail = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${tail}` : tail;
}

export function localise(root = document) {
  for (const node of root.querySelectorAll("time[data-local]")) node.textContent = moment(node.dateTime);
}
