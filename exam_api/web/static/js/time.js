// Times in the university's zone, worded as the server words them (i18n.py, moment).
import { months } from "./i18n.js";

const { zone, utcOffset } = document.documentElement.dataset;
const written = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit",
});

const parts = (ms) => Object.fromEntries(written.formatToParts(ms).map(({ type, value }) => [type, value]));

/** Milliseconds east of Greenwich, by the browser's own table of zones. */
function offset(ms) {
  const { year, month, day, hour: hours, minute } = parts(ms);
  return Date.UTC(year, month - 1, day, hours, minute) - Math.floor(ms / 60_000) * 60_000;
}

// That table may be years old (Kazakhstan has had one zone since 1 March 2024): the server's counts.
const stale = Number(utcOffset) * 60_000 - offset(Date.now());
const local = (at) => parts(new Date(at).getTime() + stale);

/** "22 қар. 2026, 10:05" */
export function moment(at) {
  const { day, month, year } = local(at);
  return `${Number(day)} ${months[month - 1]} ${year}, ${hour(at)}`;
}

/** "10:05" */
export function hour(at) {
  const { hour: hours, minute } = local(at);
  return `${hours}:${minute}`;
}

/** "10:05:30" */
export const clock = (at) => `${hour(at)}:${local(at).second}`;

const two = (n) => String(n).padStart(2, "0");

/** 3 725 000 → "1:02:05"; below an hour "02:05". */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const tail = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${tail}` : tail;
}
