// The test: one question a page, an overview of all, every answer saved as it is given.
import { $, el, isTyping, say, show } from "../dom.js";
import { lang, problemText, t } from "../i18n.js";
import { clock as clockText, span } from "../time.js";
import { answerFields, isBlank } from "./item.js";
import { Outbox } from "./outbox.js";

const TYPING_MS = 800;
const WARN_MINUTES = [10, 5, 1];
const QUESTION_LANGUAGES = ["kk", "ru", "en"];

/** <test-player>: give it a client and a server clock with open(); it fires "finish", "stop", "over". */
class TestPlayer extends HTMLElement {
  #questions = [];
  #at = 0;
  #pick = null;
  #pictures = new Map();
  #states = new Map();
  #savedAt = new Map();
  #warned = new Set();
  #timer = null;
  #deadline = null;

  get deadline() {
    return this.#deadline;
  }

  /** Shown at once: who is given time sees it with the words, not a moment later. */
  set deadline(at) {
    this.#deadline = at;
    if (this.#timer) this.#tick();
  }

  async open(client, clock, snapshot) {
    this.client = client;
    this.clock = clock;
    this.deadline = Date.parse(snapshot.deadline_at);
    this.outbox ??= await Outbox.open(
      client,
      (item, state, code, at) => this.#answerChanged(item, state, code, at),
      (code) => this.dispatchEvent(new CustomEvent("stop", { detail: code })),
    );
    this.outbox.stopped = false;
    this.#build();
    await this.load(sessionStorage.getItem(`question-language:${client.id}`) ?? lang);
    this.outbox.flush();
    this.#stopTimer();
    this.#timer = setInterval(() => this.#tick(), 250);
    this.#tick();
    document.addEventListener("keydown", this.#onKey);
  }

  close() {
    this.#stopTimer();
    document.removeEventListener("keydown", this.#onKey);
    if (this.outbox) this.outbox.stopped = true;
  }

  /** Fetch the questions in a language; what waits to be sent is newer than the server's answers. */
  async load(language) {
    const { questions, last_seq: lastSeq } = await this.client.questions(language);
    this.outbox.after(lastSeq);
    this.language = language;
    sessionStorage.setItem(`question-language:${this.client.id}`, language);
    for (const question of questions) {
      const waiting = this.outbox.responseOf(question.id);
      if (waiting) question.answer = isBlank(waiting) ? null : waiting;
      if (!this.#states.has(question.id) && question.answer) this.#states.set(question.id, waiting ? "unsaved" : "saved");
    }
    const first = this.#questions.length === 0;
    this.#questions = questions.sort((a, b) => a.position - b.position);
    if (first) this.#at = this.#resumePlace();
    this.#drawGrid();
    this.#drawQuestion();
    this.#drawLanguages();
    this.#drawSaved();
  }

  get unanswered() {
    return this.#questions.filter((question) => !question.answer).length;
  }

  get unsaved() {
    return this.outbox?.waiting.length ?? 0;
  }

  #resumePlace() {
    const stored = Number(sessionStorage.getItem(`question:${this.client.id}`));
    if (stored > 0 && stored < this.#questions.length) return stored;
    const open = this.#questions.findIndex((question) => !question.answer);
    return Math.max(0, open);
  }

  #build() {
    if (this.childElementCount) return;
    const languages = el("div", { class: "langs", role: "group", "aria-labelledby": "test-language" });
    for (const code of QUESTION_LANGUAGES) {
      languages.append(el("button", { type: "button", "data-language": code, lang: code, onclick: () => this.#switchLanguage(code) }, t(`language.short.${code}`)));
    }
    this.append(
      el("div", { class: "test-bar" },
        el("div", { class: "countdown" }, el("span", { class: "muted small" }, t("test.time_left")), el("span", { class: "left num", role: "timer" }, "–")),
        el("p", { class: "saved-all", role: "status" }),
        el("div", { class: "row test-language" }, el("span", { class: "muted small", id: "test-language" }, t("test.language")), languages)),
      el("p", { class: "time-warning note warn", role: "status", hidden: true }),
      el("div", { class: "test-body" },
        el("section", { class: "card question", "aria-labelledby": "question-heading" }),
        el("aside", { class: "side", "aria-labelledby": "overview-heading" }, el("div", { class: "card overview" },
          el("h2", { id: "overview-heading" }, t("test.overview")),
          el("p", { class: "muted small answered" }),
          el("div", { class: "grid" }),
          el("button", { type: "button", class: "button wide finish", onclick: () => this.dispatchEvent(new Event("finish")) }, t("test.finish")),
          el("p", { class: "muted small keys" }, t("test.keys"))))),
    );
  }

  async #switchLanguage(code) {
    try {
      await this.load(code);
      $(`[data-language="${code}"]`, this).focus();
    } catch (problem) {
      this.#warn(problemText(problem.code));
    }
  }

  #drawLanguages() {
    for (const button of this.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === this.language));
    }
  }

  #drawGrid() {
    const grid = $(".grid", this);
    grid.replaceChildren(...this.#questions.map((question, index) =>
      el("button", { type: "button", "data-index": index, onclick: () => this.go(index) }, String(question.position))));
    this.#paintGrid();
  }

  #paintGrid() {
    for (const button of $(".grid", this).children) {
      const index = Number(button.dataset.index);
      const question = this.#questions[index];
      const state = question.answer ? this.#states.get(question.id) ?? "saved" : "open";
      button.className = `cell ${state}`;
      button.setAttribute("aria-label", t("test.cell", { number: question.position, state: t(`test.state.${state}`) }));
      if (index === this.#at) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    const answered = this.#questions.length - this.unanswered;
    say($(".answered", this), t("test.answered_of", { answered, total: this.#questions.length }));
  }

  #drawQuestion() {
    const question = this.#questions[this.#at];
    const last = this.#at === this.#questions.length - 1;
    const fields = answerFields(question, this.language, (response, typing) => this.respond(response, typing), (name) => this.#picture(question.id, name));
    this.#pick = fields.pick;
    $(".question", this).replaceChildren(
      el("h2", { id: "question-heading", tabindex: "-1" }, t("test.question_of", { number: question.position, total: this.#questions.length })),
      el("fieldset", {}, fields.legend, ...fields.parts),
      el("p", { class: "saved-one small", role: "status" }),
      el("div", { class: "actions" },
        el("button", { type: "button", class: "button", disabled: this.#at === 0, onclick: () => this.go(this.#at - 1) }, `← ${t("test.previous")}`),
        last
          ? el("button", { type: "button", class: "button primary", onclick: () => this.dispatchEvent(new Event("finish")) }, t("test.finish"))
          : el("button", { type: "button", class: "button primary", onclick: () => this.go(this.#at + 1) }, `${t("test.next")} →`)));
    this.dispatchEvent(new CustomEvent("question", { detail: question }));
    this.#drawSaved();
  }

  /** Each picture is fetched once. */
  #picture(itemId, name) {
    if (!this.#pictures.has(name)) this.#pictures.set(name, this.client.picture(itemId, name).catch((problem) => { this.#pictures.delete(name); throw problem; }));
    return this.#pictures.get(name);
  }

  go(index) {
    if (index < 0 || index >= this.#questions.length) return;
    this.outbox.flush();
    this.#at = index;
    sessionStorage.setItem(`question:${this.client.id}`, String(index));
    this.#drawQuestion();
    this.#paintGrid();
    $("#question-heading", this).focus();
  }

  /** `typing`: more letters may follow; what is complete is sent at once. */
  respond(response, typing) {
    const question = this.#questions[this.#at];
    const answer = isBlank(response) ? null : response;
    const same = JSON.stringify(question.answer) === JSON.stringify(answer);
    if (same && this.#states.get(question.id) === "saved") return;
    question.answer = answer;
    this.outbox.add(question.id, response, typing ? TYPING_MS : 0);
    this.#paintGrid();
  }

  #answerChanged(itemId, state, code, savedAt) {
    this.#states.set(itemId, state);
    if (savedAt) this.#savedAt.set(itemId, savedAt);
    if (state === "refused") this.#warn(problemText(code));
    if (!this.#questions.length) return;
    this.#paintGrid();
    this.#drawSaved();
  }

  #drawSaved() {
    const question = this.#questions[this.#at];
    const one = $(".saved-one", this);
    if (!question || !one) return;
    const state = question.answer ? this.#states.get(question.id) ?? "saved" : "open";
    const at = this.#savedAt.get(question.id);
    one.className = `saved-one small ${state}`;
    say(one, state === "saved" && at ? t("test.saved_at", { time: clockText(at) }) : t(`test.saved.${state}`));
    const all = $(".saved-all", this);
    const waiting = this.unsaved;
    all.className = `saved-all badge ${waiting ? "warn" : "ok"}`;
    say(all, waiting ? t("test.unsaved_count", { n: waiting }) : t("test.all_saved"));
  }

  #stopTimer() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick() {
    const left = this.deadline - this.clock.now();
    say($(".left", this), span(left + 999));
    const minutes = left / 60_000;
    $(".countdown", this).classList.toggle("soon", minutes <= 5);
    const due = WARN_MINUTES.filter((limit) => minutes <= limit && minutes > 0).pop();
    if (due && !this.#warned.has(due)) {
      for (const limit of WARN_MINUTES) if (limit >= due) this.#warned.add(limit);
      this.#warn(t("test.minutes_left", { n: due }));
    }
    if (left <= 0) {
      this.#stopTimer();
      this.dispatchEvent(new Event("over"));
    }
  }

  #warn(text) {
    const warning = $(".time-warning", this);
    show(warning);
    say(warning, text);
    clearTimeout(this.hideWarning);
    this.hideWarning = setTimeout(() => show(warning, false), 20_000);
  }

  #onKey = (event) => {
    // Where focus is on other controls of the page (a link, a dialog), keys keep their own meaning.
    const outside = event.target !== document.body && !this.parentElement.contains(event.target);
    if (outside || isTyping(event) || document.querySelector("dialog[open]")) return;
    const number = Number(event.key);
    const question = this.#questions[this.#at];
    if (number >= 1 && number <= (question?.choices.length ?? 0) && this.#pick) this.#pick(number - 1);
    else if (event.key === "ArrowRight") this.go(this.#at + 1);
    else if (event.key === "ArrowLeft") this.go(this.#at - 1);
    else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) this.go(this.#at + 1);
    else return;
    event.preventDefault();
  };
}

customElements.define("test-player", TestPlayer);
