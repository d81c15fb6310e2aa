// What the server does without while it has too much to do, in plain words, and who waits for a place.
import { $, say, show, sleep } from "../dom.js";
import { call } from "../api.js";
import { t } from "../i18n.js";

const EVERY_MS = 5000;

/** `onGone()`: the exam is no longer this person's to watch. */
export async function watchLoad(base, onGone) {
  for (;;) {
    try {
      if (!document.hidden) tell(await call("GET", `${base}/load`));
    } catch (problem) {
      // Where the server is away the console's own line says so.
      if (problem.code === "not_found") return onGone();
    }
    await sleep(EVERY_MS);
  }
}

function tell({ relief, waiting, disk_low: diskLow }) {
  show($("#disk-low"), diskLow);
  const busy = relief !== "nothing";
  show($("#relief"), busy);
  if (busy) say($("#relief p"), t(`relief.${relief}`));
  show($("#waiting"), waiting > 0);
  if (waiting) say($("#waiting p"), t("console.waiting", { n: waiting }));
}
