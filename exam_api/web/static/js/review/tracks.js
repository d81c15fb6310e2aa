// The tracks of a sitting: which one is played, what each has on record, and the live view.
import { $, el, say, show } from "../dom.js";
import { t } from "../i18n.js";
import { watchLive } from "../live/dialog.js";
import { span } from "../time.js";
import { percent } from "./detail.js";

/** Draws into #tracks and the live button; `choose(track)` is called with the track to play. */
export function drawTracks({ sitting, tracks }, chosen, choose) {
  const several = tracks.length > 1;
  const bar = $("#tracks");
  show(bar, several);
  if (several) {
    const focused = bar.contains(document.activeElement) ? document.activeElement.dataset.track : null;
    bar.replaceChildren(...tracks.map((one) => el("button", {
      type: "button",
      class: "button small",
      "data-track": one.track,
      "aria-pressed": String(one.track === chosen),
      disabled: !one.recorded,
      onclick: () => choose(one.track),
    }, [t(`track.${one.track}`), one.coverage === null ? null : percent(one.coverage)].filter(Boolean).join(" · "))));
    if (focused) $(`[data-track="${focused}"]`, bar)?.focus();
  }
  drawGaps(tracks.filter((one) => one.track !== "camera"));
  const button = $("#watch-live");
  show(button, tracks.some((one) => one.live));
  button.onclick = () => watchLive(sitting.id, sitting.student.full_name, tracks);
}

/** Gaps of screen and second camera, each with its cause; the camera's are on the timeline. */
function drawGaps(tracks) {
  const rows = tracks.flatMap((one) => one.gaps.map((gap) => el("li", {},
    el("span", { class: "num" }, `${span(gap.start_ms)} – ${span(gap.end_ms)}`), ` ${t(`track.${one.track}`)}: ${t(`gap.${gap.cause}`)}`)));
  const list = $("#track-gaps");
  list.replaceChildren(...rows);
  show(list, rows.length > 0);
  say($("#track-gaps-heading"), rows.length ? t("live.gaps") : "");
}
