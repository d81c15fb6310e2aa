// The sections of the room: one shows at a time, and the list above tells how far one has come.
import { $, $$, say, show } from "../dom.js";
import { problemText } from "../i18n.js";

const ORDER = ["rules", "check", "test", "result"];

export class Steps {
  now = "loading";

  constructor(root) {
    this.root = root;
  }

  go(step) {
    this.now = step;
    const place = step === "paused" ? "test" : step;
    for (const section of $$("[data-step]", this.root)) show(section, section.dataset.step === step);
    show($("#steps"), ORDER.includes(place));
    for (const item of $$("#steps li")) {
      const ahead = ORDER.indexOf(item.dataset.for) - ORDER.indexOf(place);
      item.className = ahead < 0 ? "done" : "";
      if (ahead === 0) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    show($("#self"), step === "test");
    document.body.classList.toggle("in-test", step === "test");
    $(`[data-step=${step}] h2`, this.root)?.focus();
    scrollTo(0, 0);
  }

  trouble(code) {
    say($("#trouble-text"), problemText(code));
    this.go("trouble");
  }
}

/** One line of the list of what is checked before the test. */
export function mark(name, state, text) {
  const item = $(`[data-check=${name}]`);
  item.className = state;
  say($("[data-text]", item), text);
}

export function banner(text) {
  show($("#banner"), Boolean(text));
  if (text) say($("#banner p"), text);
}
