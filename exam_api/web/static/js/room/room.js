// The room of a sitting: rules → device check and recording → test → result.
import { $, $$, say, show, sleep } from "../dom.js";
import { lang, problemText, t } from "../i18n.js";
import { moment } from "../time.js";
import { Beside } from "./beside.js";
import { Camera } from "./camera.js";
import { SittingClient } from "./client.js";
import { ServerClock } from "./clock.js";
import { askFinish, closeFinish, fillResult, finish, isOver } from "./ending.js";
import { IdentityPhotos } from "./identity.js";
import { Keeping } from "./keeping.js";
import { Line } from "./line.js";
import { Pauses } from "./pauses.js";
import { QuestionAppeals } from "./question_appeal.js";
import { Steps, banner } from "./steps.js";
import { Talk } from "./talk.js";
import { Watching } from "./watching.js";
import "./player.js";

const POLL_MS = 3000;

class ExamRoom extends HTMLElement {
  snapshot = null;
  serverAway = false;
  #claimed = false;
  #entering = false;

  async connectedCallback() {
    this.player = $("test-player", this);
    this.clock = new ServerClock();
    this.steps = new Steps(this);
    this.client = await SittingClient.open(this.dataset.sitting);
    this.camera = new Camera(this.client);
    this.line = new Line(this, this.camera);
    this.beside = new Beside(this);
    new IdentityPhotos(this.dataset.sitting, this.camera);
    this.keeping = new Keeping(this, this.camera);
    this.talk = new Talk(this);
    this.pauses = new Pauses(this);
    this.watching = new Watching(this, this.camera);
    this.appeals = new QuestionAppeals(this);
    this.#listen();
    await this.#claim(false);
    this.#poll();
  }

  #listen() {
    const acts = {
      reload: () => location.reload(),
      "take-over": () => this.#claim(true),
      accept: () => this.#accept(),
      retry: () => this.camera.check(),
      begin: () => this.#begin(),
      "finish-yes": () => this.#finish(),
      "finish-no": closeFinish,
    };
    for (const [name, act] of Object.entries(acts)) for (const button of $$(`[data-act=${name}]`)) button.addEventListener("click", act);
    $("#consent").addEventListener("change", (event) => { $("[data-act=accept]").disabled = !event.target.checked; });
    this.camera.addEventListener("failed", () => this.#cameraFailed());
    this.player.addEventListener("finish", () => askFinish(this.player.unanswered));
    this.player.addEventListener("over", () => this.#timeOver());
    this.player.addEventListener("stop", (event) => this.stopHere(event.detail));
    document.addEventListener("visibilitychange", () => this.#focusChanged());
    addEventListener("beforeunload", (event) => { if (this.player.unsaved && this.steps.now === "test") event.preventDefault(); });
  }

  // --- the server's word ------------------------------------------------------------------------

  async #claim(takeOver) {
    try {
      await this.ask(() => this.client.claim(takeOver));
      this.#claimed = true;
      this.#tellPresence();
      await this.#resume();
    } catch (problem) {
      if (problem.code === "open_elsewhere") this.stopHere(problem.code);
      else this.steps.trouble(problem.code);
    }
  }

  /** Ask the server something that it answers with the sitting as it is now. */
  async ask(question = () => this.client.snapshot()) {
    const sentAt = performance.now();
    const snapshot = await question();
    this.clock.sample(snapshot.server_now, sentAt, performance.now());
    this.#take(snapshot);
  }

  #take(snapshot) {
    this.snapshot = snapshot;
    this.paint();
  }

  async #poll() {
    for (;;) {
      await sleep(POLL_MS);
      if (!this.#claimed || this.steps.now === "result") continue;
      try {
        await this.ask();
        this.serverAway = false;
        if (this.snapshot.claimed === "other") this.stopHere("open_elsewhere");
        else if (isOver(this.snapshot)) this.#showResult();
      } catch (problem) {
        this.serverAway = problem.retryable;
        if (problem.code === "not_logged_in") this.stopHere(problem.code);
      }
      this.paint();
      this.line.watch();
    }
  }

  /** Refresh, another computer, first visit: what is left to do follows from the sitting. */
  async #resume() {
    const { began_at: began } = this.snapshot;
    if (isOver(this.snapshot)) return this.#showResult();
    const agreed = this.dataset.agreed === "yes" && sessionStorage.getItem(`consent:${this.client.id}`);
    if (!began && !agreed) return this.steps.go("rules");
    this.steps.go("check");
    await this.camera.check();
    return undefined;
  }

  /** Another tab or computer has the sitting now: this one must not go on. */
  stopHere(code) {
    this.#claimed = false;
    this.player.close();
    this.camera.close();
    this.beside.close();
    banner(null);
    if (code === "open_elsewhere") {
      this.client.report("second_tab");
      this.steps.go("elsewhere");
    } else {
      this.steps.trouble(code);
    }
  }

  /** A page that is closed, and one that opens in the middle of the test, explain a gap. */
  #tellPresence() {
    const running = () => this.snapshot.began_at && !this.snapshot.finished_at;
    if (running()) this.client.report("page_opened");
    addEventListener("pagehide", () => { if (this.#claimed && running()) this.client.report("page_closed"); });
  }

  // --- before the test ----------------------------------------------------------------------------

  /** On record with the version that was read, before anything else happens. */
  async #accept() {
    try {
      await this.client.consent(Number(this.dataset.rules), lang);
    } catch (problem) {
      this.steps.trouble(problem.code);
      return;
    }
    sessionStorage.setItem(`consent:${this.client.id}`, "yes");
    this.steps.go("check");
    this.camera.check();
  }

  #cameraFailed() {
    this.paint();
    if (this.steps.now !== "test") return;
    navigator.mediaDevices.addEventListener("devicechange", () => { if (this.steps.now === "test") this.camera.reopen(); }, { once: true });
  }

  paint() {
    if (!this.snapshot) return;
    this.line.paint();
    this.beside.paint();
    this.talk.paint(this.snapshot);
    this.pauses.paint(this.snapshot);
    if (this.steps.now === "check") this.#paintBegin();
  }

  #paintBegin() {
    const { snapshot } = this;
    const { live } = this.line;
    const before = (time) => Date.parse(time) > this.clock.now();
    const early = before(snapshot.exam.opens_at) && !snapshot.began_at;
    show($("#opens"), early);
    if (early) say($("#opens"), t("check.opens", { time: moment(snapshot.exam.opens_at) }));
    const begin = $("[data-act=begin]");
    const ready = live && this.beside.ready;
    const asks = this.#asksFirst;
    const waiting = snapshot.state === "waiting" && !snapshot.admitted_at;
    say(begin, t(asks ? "check.ready_button" : "check.begin"));
    begin.disabled = !ready || waiting || (asks ? before(snapshot.exam.admits_at) : early);
    // A refresh during the test goes back into it by itself, as soon as the recording runs again.
    const resuming = Boolean(snapshot.began_at);
    show(begin, !resuming);
    say($("#begin-why"), t(resuming ? "check.resuming" : waiting ? "check.awaiting" : ready ? (asks ? "check.ready_ask" : "check.ready") : live ? "check.begin_beside" : "check.begin_why"));
    if (live && resuming) this.#enterTest();
  }

  /** Where a proctor lets students in, they say first that they are ready. */
  get #asksFirst() {
    return this.snapshot.exam.admit === "by_proctor" && this.snapshot.state === "checking";
  }

  async #begin() {
    const begin = $("[data-act=begin]");
    begin.disabled = true;
    try {
      if (this.snapshot.state === "checking") await this.ask(() => this.client.ready());
      if (!this.snapshot.admitted_at) return;
      await this.ask(() => this.client.begin());
      await this.#enterTest();
    } catch (problem) {
      say($("#begin-why"), problemText(problem.code));
      begin.disabled = false;
    }
  }

  // --- the test -----------------------------------------------------------------------------------

  async #enterTest() {
    if (this.#entering || this.steps.now === "test") return;
    this.#entering = true;
    try {
      this.appeals.load();
      await this.player.open(this.client, this.clock, this.snapshot);
      this.steps.go("test");
      $(".side", this.player).prepend($("#self"));
      this.paint();
    } catch (problem) {
      if (problem.code === "open_elsewhere") this.stopHere(problem.code);
      else if (problem.code === "sitting_paused") say($("#begin-why"), t("paused.title"));
      else if (problem.code !== "recording_not_live") say($("#begin-why"), problemText(problem.code));
    } finally {
      this.#entering = false;
    }
  }

  async #finish() {
    const snapshot = await finish(this.client, this.player);
    if (!snapshot) return;
    closeFinish();
    this.#take(snapshot);
    this.#showResult();
  }

  async #timeOver() {
    closeFinish();
    banner(t("room.time_over"));
    for (;;) {
      try {
        await this.ask();
        if (isOver(this.snapshot)) return this.#showResult();
        banner(t("room.time_over"));
      } catch {
        // the server is away; the result is there when it is back
      }
      await sleep(1000);
    }
  }

  #showResult() {
    if (this.steps.now === "result") return;
    this.player.close();
    this.camera.close();
    this.beside.close();
    banner(null);
    fillResult(this.snapshot);
    this.appeals.load();
    this.keeping.finish();
    this.steps.go("result");
  }

  #focusChanged() {
    if (this.steps.now !== "test") return;
    this.client.report(document.hidden ? "focus_lost" : "focus_back");
  }
}

customElements.define("exam-room", ExamRoom);
