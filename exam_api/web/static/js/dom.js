// Small helpers for elements; no innerHTML anywhere, so no text can become markup.

/** el("p", {class: "x", onclick: f, "aria-label": "…"}, "text", node…) */
export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) setProperty(node, key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
export function svg(name, properties = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function setProperty(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (value === true) node.setAttribute(key, "");
  else node.setAttribute(key, value);
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const show = (node, visible = true) => { node.hidden = !visible; };

/** Change a text only when it differs: a live region then says it once. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** True where a key press belongs to text being typed or a control of its own. */
export function isTyping(event) {
  const node = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  return node instanceof HTMLElement && (node.isContentEditable
    || /^(TEXTAREA|SELECT)$/.test(node.tagName)
    || (node.tagName === "INPUT" && !/^(radio|checkbox|button)$/.test(node.type)));
}
