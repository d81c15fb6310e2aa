// Texts of the page's language, from the same catalogues as the server's templates.
export const lang = document.documentElement.lang || "kk";

export const { messages, months } = await (await fetch(`/i18n/${lang}.json`)).json();
const plurals = new Intl.PluralRules(lang);

/** The message with its {placeholders} filled; `n` chooses the plural form. */
export function t(key, values = {}) {
  let message = messages[key] ?? key;
  if (typeof message !== "string") {
    const forms = Object.values(message);
    message = message[plurals.select(values.n ?? 0)] ?? forms[forms.length - 1];
  }
  return message.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** A person's words for a problem+json `code`. */
export function problemText(code) {
  return messages[`error.${code}`] ?? messages["error.internal"];
}

/** A text that exists by language, such as a discipline's title. */
export function pick(texts) {
  return texts?.[lang] || texts?.kk || texts?.ru || texts?.en || "";
}
