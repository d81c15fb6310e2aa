// S-20: a question is sent to appeal on the question itself; the test goes on meanwhile.
import { $, el, say, show } from "../dom.js";
import { problemText, t } from "../i18n.js";
import { clock } from "../time.js";

export class QuestionAppeals {
  #sent = new Map(); // item id → what was sent
  #question = null;

  constructor(room) {
    this.room = room;
    this.box = el("p", { class: "appeal small", role: "status" });
    room.player.addEventListener("question", ({ detail }) => this.#draw(detail));
    $("#appeal-dialog form").addEventListener("submit", (event) => this.#send(event));
    $("[data-act=appeal-no]").addEventListener("click", () => $("#appeal-dialog").close());
  }

  /** What was sent before a refresh. */
  async load() {
    try {
      this.#keep(await this.room.client.questionAppeals());
    } catch {
      // told again when one is sent
    }
  }

  #keep(sent) {
    this.#sent = new Map(sent.map((one) => [one.item_id, one]));
    if (this.#question) this.#draw(this.#question);
    const list = $("#result-appeals ul");
    show($("#result-appeals"), sent.length > 0);
    list.replaceChildren(...sent.map((one) => el("li", {}, t("appeal.line", { number: one.position, time: clock(one.at) }), one.text && `: ${one.text}`, !one.text && this.#groundsLater(one))));
  }

  #draw(question) {
    this.#question = question;
    const sent = this.#sent.get(question.id);
    this.box.replaceChildren(sent
      ? el("span", { class: "badge accent" }, t("appeal.sent"))
      : el("button", { type: "button", class: "button small", onclick: () => this.#ask() }, t("appeal.button")));
    $(".question", this.room.player).append(this.box);
  }

  #ask() {
    const dialog = $("#appeal-dialog");
    say($("#appeal-heading"), t("appeal.title", { number: this.#question.position }));
    show($("#appeal-problem"), false);
    $("textarea", dialog).value = "";
    dialog.showModal();
  }

  async #send(event) {
    event.preventDefault();
    const text = $("#appeal-dialog textarea").value.trim();
    try {
      this.#keep(await this.room.client.sendToAppeal(this.#question.id, text));
      $("#appeal-dialog").close();
    } catch (problem) {
      show($("#appeal-problem"));
      say($("#appeal-problem"), problemText(problem.code));
    }
  }

  /** One press was enough during the test: the grounds can be written now. */
  #groundsLater(one) {
    const field = el("textarea", { rows: "2", maxlength: "500", required: true });
    const problem = el("p", { class: "note alert", role: "alert", hidden: true });
    const form = el("form", {}, problem, el("label", { class: "field" }, el("span", {}, t("appeal.grounds")), field), el("button", { class: "button small" }, t("appeal.send_grounds")));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        this.#keep(await this.room.client.explainAppeal(one.item_id, field.value.trim()));
      } catch (refusal) {
        show(problem);
        say(problem, problemText(refusal.code));
      }
    });
    return form;
  }
}
