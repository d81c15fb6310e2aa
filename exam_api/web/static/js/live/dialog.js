// A running sitting live, in a dialog over the page: one click, a track at a time.
import { el, say } from "../dom.js";
import { problemText, t } from "../i18n.js";
import { Watcher } from "./watcher.js";

const WORDS = { connecting: "live.connecting", live: "live.now", offline: "live.again" };

/** `tracks`: [{track, live}] as the console's tile has them; the first that arrives is shown. */
export function watchLive(sitting, name, tracks) {
  const video = el("video", { playsinline: true, autoplay: true, "aria-label": name });
  video.muted = true; // no browser plays sound before the person asked for it
  const state = el("p", { class: "live-state", role: "status" });
  const watcher = new Watcher(video, sitting, (code) => {
    state.classList.toggle("on", code === "live");
    say(state, WORDS[code] ? t(WORDS[code]) : problemText(code));
  });
  const buttons = tracks.map(({ track }) => el("button", { type: "button", class: "button small", "data-track": track, onclick: () => choose(track) }, t(`track.${track}`)));
  const sound = el("input", { type: "checkbox", onchange: () => { video.muted = !sound.checked; } });
  const dialog = el("dialog", { class: "live", "data-sitting": sitting, "aria-labelledby": "live-heading" },
    el("div", { class: "head" },
      el("h2", { id: "live-heading" }, name),
      el("button", { type: "button", class: "button small", onclick: () => dialog.close() }, t("live.close"))),
    video,
    el("div", { class: "live-bar" },
      state,
      el("div", { class: "row", role: "group", "aria-label": t("live.tracks") }, ...(buttons.length > 1 ? buttons : [])),
      el("label", { class: "row small" }, sound, t("live.sound"))));
  const choose = (track) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.track === track));
    watcher.show(track);
  };
  dialog.addEventListener("close", () => { watcher.stop(); dialog.remove(); });
  document.body.append(dialog);
  dialog.showModal();
  choose((tracks.find((one) => one.live) ?? tracks[0]).track);
}
