// The room of a sitting: rules → device check and recording → test → result.
import { $, $$, say, show, sleep } from "../dom.js";
import { problemText, t } from "../i18n.js";
import { moment } from "../time.js";
import { SittingClient } from "./client.js";
import { ServerClock } from "./clock.js";
import { cameras, light, meter, missingSupport, openDevices } from "./devices.js";
import { Publisher } from "./publisher.js";
import "./player.js";

const POLL_MS = 3000;
const STALE_MS = 5000; // connected for us but not for the server: start the connection anew

class ExamRoom extends HTMLElement {
  #stream = null;
  #publisher = null;
  #stopMeter = () => {};
  #snapshot = null;
  #deadSince = null;
  #claimed = false;

  async connectedCallback() {
    this.player = $("test-player", this);
    this.clock = new ServerClock();
    this.#listen();
    this.client = await SittingClient.open(this.dataset.sitting);
    await this.#claim(false);
    this.#poll();
  }

  #listen() {
    const acts = {
      reload: () => location.reload(),
      "take-over": () => this.#claim(true),
      accept: () => this.#accept(),
      retry: () => this.#check(),
      begin: () => this.#begin(),
      "finish-yes": () => this.#finish(),
      "finish-no": () => $("#finish-dialog").close(),
    };
    for (const button of $$("[data-act]")) button.addEventListener("click", acts[button.dataset.act]);
    $("#consent").addEventListener("change", (event) => { $("[data-act=accept]").disabled = !event.target.checked; });
    $("#camera-choice select").addEventListener("change", (event) => this.#check(event.target.value));
    this.player.addEventListener("finish", () => this.#askFinish());
    this.player.addEventListener("over", () => this.#timeOver());
    this.player.addEventListener("stop", (event) => this.#stopHere(event.detail));
    document.addEventListener("visibilitychange", () => this.#focusChanged());
    addEventListener("beforeunload", (event) => { if (this.player.unsaved && this.step === "test") event.preventDefault(); });
  }

  // --- where we are -----------------------------------------------------------------------------

  async #claim(takeOver) {
    try {
      this.#take(await this.#timed(() => this.client.claim(takeOver)));
      this.#claimed = true;
      await this.#resume();
    } catch (problem) {
      if (problem.code === "open_elsewhere") this.#stopHere(problem.code);
      else this.#trouble(problem.code);
    }
  }

  /** Refresh, another computer, first visit: what is left to do follows from the sitting. */
  async #resume() {
    const { began_at: began, finished_at: finished } = this.#snapshot;
    if (finished) return this.#showResult();
    if (!began && !sessionStorage.getItem(`consent:${this.client.id}`)) return this.#go("rules");
    this.#go("check");
    await this.#check();
    return undefined;
  }

  #go(step) {
    this.step = step;
    const order = ["rules", "check", "test", "result"];
    for (const section of $$("[data-step]", this)) show(section, section.dataset.step === step);
    show($("#steps"), order.includes(step));
    for (const item of $$("#steps li")) {
      const place = order.indexOf(item.dataset.for) - order.indexOf(step);
      item.className = place < 0 ? "done" : "";
      if (place === 0) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    show($("#self"), step === "test");
    if (step === "test") $(".side", this.player).prepend($("#self"));
    document.body.classList.toggle("in-test", step === "test");
    $(`[data-step=${step}] h2`, this)?.focus();
    scrollTo(0, 0);
  }

  #trouble(code) {
    say($("#trouble-text"), problemText(code));
    this.#go("trouble");
  }

  /** Another tab or computer has the sitting now: this one must not go on. */
  #stopHere(code) {
    this.#claimed = false;
    this.player.close();
    this.#closeDevices();
    this.#banner(null);
    if (code === "open_elsewhere") {
      this.client.report("second_tab");
      this.#go("elsewhere");
    } else {
      this.#trouble(code);
    }
  }

  // --- the server's word ------------------------------------------------------------------------

  async #timed(ask) {
    const sentAt = performance.now();
    const snapshot = await ask();
    this.clock.sample(snapshot.server_now, sentAt, performance.now());
    return snapshot;
  }

  #take(snapshot) {
    this.#snapshot = snapshot;
    this.#paintRecording();
  }

  async #poll() {
    for (;;) {
      await sleep(POLL_MS);
      if (!this.#claimed || this.step === "result") continue;
      try {
        this.#take(await this.#timed(() => this.client.snapshot()));
        this.serverAway = false;
        if (this.#snapshot.claimed === "other") this.#stopHere("open_elsewhere");
        else if (this.#snapshot.finished_at) this.#showResult();
      } catch (problem) {
        this.serverAway = problem.retryable;
        if (problem.code === "not_logged_in") this.#stopHere(problem.code);
      }
      this.#watchLine();
    }
  }

  /** The peer connection looks well but nothing arrives there: make a new one. */
  #watchLine() {
    this.#paintRecording();
    if (this.#publisher?.state !== "live" || this.#snapshot.recording.live || this.serverAway) {
      this.#deadSince = null;
      return;
    }
    this.#deadSince ??= performance.now();
    if (performance.now() - this.#deadSince > STALE_MS) {
      this.#deadSince = null;
      this.#publisher.reconnect();
    }
  }

  // --- rules and devices --------------------------------------------------------------------------

  #accept() {
    sessionStorage.setItem(`consent:${this.client.id}`, "yes");
    this.#go("check");
    this.#check();
  }

  async #check(deviceId) {
    this.#closeDevices();
    this.#deviceProblem(null);
    this.#mark("camera", "wait", t("check.asking"));
    this.#mark("microphone", "wait", t("check.waiting"));
    this.#mark("recording", "wait", t("check.waiting"));
    try {
      const { stream, audioProblem } = await openDevices(deviceId);
      this.#stream = stream;
      this.#cameraOpened();
      this.#microphone(audioProblem);
    } catch (problem) {
      this.#deviceFailed(problem.code ?? "camera_failed");
      return;
    }
    await this.#listCameras();
    this.#publish();
  }

  #cameraOpened() {
    for (const video of [$("#preview"), $("#self-video")]) video.srcObject = this.#stream;
    show($("#preview-off"), false);
    const [track] = this.#stream.getVideoTracks();
    this.#mark("camera", "ok", track.label || t("check.camera_on"));
    track.addEventListener("ended", () => this.#deviceFailed("camera_lost"));
    clearInterval(this.lightTimer);
    const canvas = document.createElement("canvas");
    this.lightTimer = setInterval(() => {
      const found = this.step === "check" ? light($("#preview"), canvas) : null;
      if (found) say($("#light"), t(`check.light.${found}`));
      if (found) $("#light").className = `small hint-${found === "good" ? "ok" : "warn"}`;
    }, 1000);
  }

  #microphone(audioProblem) {
    if (audioProblem) {
      this.#mark("microphone", "warn", t(`device.${audioProblem}`));
      this.client.report("mic_denied", audioProblem);
      return;
    }
    this.#mark("microphone", "ok", this.#stream.getAudioTracks()[0].label || t("check.microphone_on"));
    this.#stopMeter = meter(this.#stream, (level) => { $("#level").value = level; });
  }

  async #listCameras() {
    const list = await cameras();
    const select = $("#camera-choice select");
    const current = this.#stream.getVideoTracks()[0].getSettings().deviceId;
    select.replaceChildren(...list.map((device, index) => new Option(device.label || t("check.camera_number", { number: index + 1 }), device.deviceId, false, device.deviceId === current)));
    show($("#camera-choice"), list.length > 1);
  }

  #deviceFailed(code) {
    this.client.report(code);
    this.#mark("camera", "bad", t(`device.${code}`));
    this.#deviceProblem(code);
    if (code === "camera_lost") this.#publisher?.stop();
    if (this.step === "test") {
      this.#banner(t(`device.${code}`));
      navigator.mediaDevices.addEventListener("devicechange", () => this.#reopen(), { once: true });
    }
  }

  #deviceProblem(code) {
    const box = $("#device-problem");
    show(box, Boolean(code));
    show($("[data-act=retry]"), Boolean(code) && !missingSupport());
    if (!code) return;
    say($("[data-title]", box), t(`device.${code}`));
    say($("[data-help]", box), t(`device.${code}.help`));
    show($("#preview-off"), true);
  }

  /** A camera was plugged in again during the test: go on recording without a click. */
  async #reopen() {
    if (this.step !== "test") return;
    try {
      const { stream } = await openDevices();
      this.#closeDevices();
      this.#stream = stream;
      this.#cameraOpened();
      this.#publish();
    } catch (problem) {
      this.#deviceFailed(problem.code ?? "camera_failed");
    }
  }

  #closeDevices() {
    this.#publisher?.stop({ goodbye: !this.#snapshot?.finished_at });
    this.#publisher = null;
    this.#stopMeter();
    this.#stopMeter = () => {};
    clearInterval(this.lightTimer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
  }

  #mark(name, state, text) {
    const item = $(`[data-check=${name}]`);
    item.className = state;
    say($("[data-text]", item), text);
  }

  // --- publishing ---------------------------------------------------------------------------------

  #publish() {
    this.#publisher = new Publisher(this.#stream, () => this.client.publishToken(), (state, code) => this.#lineChanged(state, code));
    this.#publisher.start();
  }

  #lineChanged(state, code) {
    if (state === "refused") this.#stopHere(code);
    if (state === "lost" && this.wasLive) this.client.report("connection_lost");
    if (state === "live") {
      if (this.wasLive) this.client.report("reconnected");
      this.wasLive = true;
      this.#soonAfter();
    }
    this.lineProblem = code && code !== "refused" ? code : null;
    this.#paintRecording();
  }

  /** Ask at once, then a few times more, instead of waiting for the next poll. */
  async #soonAfter() {
    for (const pause of [150, 400, 800, 1500]) {
      await sleep(pause);
      try {
        this.#take(await this.#timed(() => this.client.snapshot()));
      } catch {
        return;
      }
      if (this.#snapshot.recording.live) return;
    }
  }

  #paintRecording() {
    if (!this.#snapshot) return;
    const state = this.#publisher?.state ?? "idle";
    const live = state === "live" && this.#snapshot.recording.live && !this.serverAway;
    const self = $("#self-state");
    self.className = `self-state ${live ? "live" : "dead"}`;
    say(self, t(live ? "room.recording" : this.serverAway ? "room.no_line" : "room.not_recording"));
    if (this.step === "check") this.#paintCheck(state, live);
    if (this.step === "test") this.#banner(live || !this.#stream ? (this.#stream ? null : this.bannerText) : this.serverAway ? t("room.server_away") : t("room.reconnecting"));
  }

  #paintCheck(state, live) {
    if (live) this.#mark("recording", "ok", t("check.recording_on"));
    else if (state === "lost") this.#mark("recording", "bad", this.lineProblem ? problemText(this.lineProblem) : t("check.recording_retry"));
    else if (this.#stream) this.#mark("recording", "wait", t("check.recording_wait"));
    const opensIn = Date.parse(this.#snapshot.exam.opens_at) - this.clock.now();
    const early = opensIn > 0 && !this.#snapshot.began_at;
    show($("#opens"), early);
    if (early) say($("#opens"), t("check.opens", { time: moment(this.#snapshot.exam.opens_at) }));
    const begin = $("[data-act=begin]");
    begin.disabled = !live || early;
    // A refresh during the test goes back into it by itself, as soon as the recording runs again.
    const resuming = Boolean(this.#snapshot.began_at);
    show(begin, !resuming);
    say($("#begin-why"), t(resuming ? "check.resuming" : live ? "check.ready" : "check.begin_why"));
    if (live && resuming) this.#enterTest();
  }

  #banner(text) {
    this.bannerText = text;
    show($("#banner"), Boolean(text));
    if (text) say($("#banner p"), text);
  }

  // --- the test -----------------------------------------------------------------------------------

  async #begin() {
    const begin = $("[data-act=begin]");
    begin.disabled = true;
    try {
      this.#take(await this.#timed(() => this.client.begin()));
      await this.#enterTest();
    } catch (problem) {
      say($("#begin-why"), problemText(problem.code));
      begin.disabled = false;
    }
  }

  async #enterTest() {
    if (this.entering || this.step === "test") return;
    this.entering = true;
    try {
      await this.player.open(this.client, this.clock, this.#snapshot);
      this.#go("test");
      this.#paintRecording();
    } catch (problem) {
      if (problem.code === "open_elsewhere") this.#stopHere(problem.code);
      else if (problem.code !== "recording_not_live") say($("#begin-why"), problemText(problem.code));
    } finally {
      this.entering = false;
    }
  }

  #askFinish() {
    const open = this.player.unanswered;
    say($("#finish-text"), open ? t("finish.unanswered", { n: open }) : t("finish.all_answered"));
    show($("#finish-problem"), false);
    $("#finish-dialog").showModal();
  }

  async #finish() {
    const yes = $("[data-act=finish-yes]");
    yes.disabled = true;
    try {
      await Promise.race([this.player.outbox.flush(), sleep(8000)]);
      if (this.player.unsaved) throw Object.assign(new Error(), { code: "answers_waiting" });
      this.#take(await this.client.finish());
      $("#finish-dialog").close();
      await this.#showResult();
    } catch (problem) {
      show($("#finish-problem"));
      say($("#finish-problem"), problemText(problem.code));
    } finally {
      yes.disabled = false;
    }
  }

  async #timeOver() {
    $("#finish-dialog").close();
    this.#banner(t("room.time_over"));
    for (;;) {
      try {
        this.#take(await this.client.snapshot());
        if (this.#snapshot.finished_at) return this.#showResult();
      } catch {
        // the server is away; the result is there when it is back
      }
      await sleep(1000);
    }
  }

  async #showResult() {
    if (this.step === "result") return;
    this.player.close();
    this.#closeDevices();
    this.#banner(null);
    const { result, state } = this.#snapshot;
    say($("#result-reason"), t(`result.reason.${state}`));
    say($("#result-letter"), result?.letter ?? "…");
    say($("#result-points"), result ? t("result.points_of_100", { points: result.points }) : "…");
    say($("#result-correct"), result ? t("result.correct_of", { score: result.score, total: result.total }) : "…");
    say($("#result-gpa"), result ? String(result.gpa) : "…");
    this.#go("result");
  }

  #focusChanged() {
    if (this.step !== "test") return;
    this.client.report(document.hidden ? "focus_lost" : "focus_back");
  }
}

customElements.define("exam-room", ExamRoom);
