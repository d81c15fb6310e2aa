// A question's text and the fields of its answer, by its kind. What is right is not known here.
import { el } from "../dom.js";
import { t } from "../i18n.js";

// The marks of exam_api/domain/items.py.
const MARKS = /\\\(([^]+?)\\\)|!\[([^[\]]*)\]\(([0-9a-f]{32}\.(?:png|jpg|gif|webp))\)/g;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Text, formulas and pictures as nodes. */
export function nodesOf(text, formulas, picture) {
  const nodes = [];
  let end = 0;
  for (const mark of text.matchAll(MARKS)) {
    nodes.push(text.slice(end, mark.index));
    nodes.push(mark[1] === undefined ? pictured(mark[2], mark[3], picture) : formula(mark[1].trim(), formulas));
    end = mark.index + mark[0].length;
  }
  return [...nodes, text.slice(end)];
}

function formula(tex, formulas) {
  const drawn = formulas[tex];
  if (!drawn) return el("code", {}, tex);
  const src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn.svg)}`;
  return el("img", { class: "formula", src, alt: tex, width: drawn.width, height: drawn.height });
}

/** A picture that does not come says what it shows, and is asked for again by a click. */
function pictured(words, name, picture) {
  const img = el("img", { class: "picture", alt: words });
  const again = el("button", { type: "button", class: "button small", hidden: true }, t("item.picture_again"));
  const load = () => picture(name).then((src) => { img.src = src; again.hidden = true; }, () => { again.hidden = false; });
  again.addEventListener("click", (event) => { event.preventDefault(); load(); });
  load();
  return el("span", { class: "pictured" }, img, again);
}

/** Without marks, where only letters can stand (an <option>). */
const plain = (text) => text.replace(MARKS, (_, tex, words) => tex ?? words);

const isRich = (text) => text.search(MARKS) >= 0;

/** An answer taken back: nothing ticked, nothing typed. */
export function isBlank(response) {
  switch (response.kind) {
    case "multiple": return response.choices.length === 0;
    case "matching": return Object.keys(response.pairs).length === 0;
    case "ordering": return response.order.length === 0;
    case "text": case "number": return response.text.trim() === "";
    default: return false;
  }
}

/**
 * `{legend, parts, pick}`: the question, its fields, and what a number key does (or null).
 * `respond(response, typing)` is called with each change.
 */
export function answerFields(question, language, respond, picture) {
  const rich = (text) => nodesOf(text, question.formulas, picture);
  const legend = el("legend", { lang: language }, ...rich(question.stem));
  return { legend, ...FIELDS[question.kind](question, { language, rich, respond }) };
}

const FIELDS = { single, multiple, matching, text: written, number: written, ordering };

function single(question, { language, rich, respond }) {
  const inputs = question.choices.map((choice) => el("input", {
    type: "radio", name: "choice", value: choice.id, checked: choice.id === question.answer?.choice,
    onchange: () => respond({ kind: "single", choice: choice.id }),
  }));
  return {
    parts: labelled(question.choices, inputs, language, rich),
    pick: (index) => { inputs[index].checked = true; respond({ kind: "single", choice: inputs[index].value }); },
  };
}

function multiple(question, { language, rich, respond }) {
  const changed = () => respond({ kind: "multiple", choices: inputs.filter((input) => input.checked).map((input) => input.value) });
  const inputs = question.choices.map((choice) => el("input", {
    type: "checkbox", name: "choice", value: choice.id, checked: question.answer?.choices.includes(choice.id), onchange: changed,
  }));
  return {
    parts: [el("p", { class: "muted how" }, t("item.how.multiple")), ...labelled(question.choices, inputs, language, rich)],
    pick: (index) => { inputs[index].checked = !inputs[index].checked; changed(); },
  };
}

function labelled(choices, inputs, language, rich) {
  return choices.map((choice, index) => el("label", { class: "choice" }, inputs[index],
    el("span", { class: "key", "aria-hidden": "true" }, String(index + 1)),
    el("span", { lang: language }, ...rich(choice.text))));
}

function matching(question, { language, rich, respond }) {
  const changed = () => respond({ kind: "matching", pairs: Object.fromEntries(selects.filter((select) => select.value).map((select) => [select.name, select.value])) });
  // Formulas and pictures cannot stand in a list box: then its entries are letters, explained above.
  const lettered = question.targets.some((target) => isRich(target.text));
  const nameOf = (target, index) => (lettered ? LETTERS[index] ?? String(index + 1) : plain(target.text));
  const selects = question.choices.map((choice) => el("select", { name: choice.id, lang: language, onchange: changed },
    el("option", { value: "" }, t("item.choose")),
    ...question.targets.map((target, index) => el("option", { value: target.id, selected: question.answer?.pairs[choice.id] === target.id }, nameOf(target, index)))));
  const legend = lettered && el("ol", { class: "targets", lang: language }, ...question.targets.map((target, index) =>
    el("li", {}, el("span", { class: "key" }, nameOf(target, index)), el("span", {}, ...rich(target.text)))));
  return {
    parts: [
      el("p", { class: "muted how" }, t("item.how.matching")), legend,
      ...question.choices.map((choice, index) => el("label", { class: "pair" }, el("span", { lang: language }, ...rich(choice.text)), selects[index]))],
    pick: null,
  };
}

function written(question, { respond }) {
  const number = question.kind === "number";
  const hint = el("p", { class: "small warn-text", role: "status" });
  const answer = () => ({ kind: question.kind, text: input.value });
  const check = () => { hint.textContent = number && input.value.trim() && !isNumber(input.value) ? t("item.no_number") : ""; };
  const input = el("input", {
    type: "text", maxlength: "500", autocomplete: "off", autocapitalize: "off", spellcheck: "false", inputmode: number && "decimal",
    value: question.answer?.text ?? "", "aria-label": t(`item.how.${question.kind}`),
    oninput: () => { check(); respond(answer(), true); },
    onchange: () => respond(answer(), false),
  });
  return { parts: [el("p", { class: "muted how" }, t(`item.how.${question.kind}`)), el("div", { class: "field written" }, input), hint], pick: null };
}

/** As exam_api/domain/written.py reads numbers; only to warn while there is time. */
const isNumber = (text) => /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d{1,2})?$/i.test(text.trim().replace(/[−–—]/g, "-").replace(/(?<=\d)\s(?=\d{3}(\D|$))/g, ""));

function ordering(question, { language, rich, respond }) {
  const order = [...(question.answer?.order ?? question.choices.map((choice) => choice.id))];
  const texts = new Map(question.choices.map((choice) => [choice.id, choice.text]));
  const list = el("ol", { class: "steps-list" });
  const answered = () => respond({ kind: "ordering", order: [...order] });
  const move = (index, by, focus) => {
    const [moved] = order.splice(index, 1);
    order.splice(index + by, 0, moved);
    draw();
    const buttons = list.children[index + by].querySelectorAll("button");
    (buttons[focus].disabled ? buttons[1 - focus] : buttons[focus]).focus();
    answered();
  };
  const button = (index, by, key, sign) => el("button", {
    type: "button", class: "button small", disabled: !order[index + by], "aria-label": t(key, { n: index + 1 }), onclick: () => move(index, by, by < 0 ? 0 : 1),
  }, sign);
  const draw = () => list.replaceChildren(...order.map((id, index) => el("li", {},
    el("span", { class: "grow", lang: language }, ...rich(texts.get(id))),
    button(index, -1, "item.move_up", "↑"), button(index, 1, "item.move_down", "↓"))));
  draw();
  return {
    parts: [el("p", { class: "muted how" }, t("item.how.ordering")), list,
      el("button", { type: "button", class: "button", onclick: answered }, t("item.order_is_right"))],
    pick: null,
  };
}
