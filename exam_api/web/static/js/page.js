// Every page: a form is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.dataset.sent) {
    if (form.dataset.sent) event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
const inboxes = document.querySelectorAll("[data-inbox]");
if (inboxes.length) {
  const answer = await fetch("/api/v1/notices/unread", { cache: "no-store" }).catch(() => null);
  const { unread } = answer?.ok ? await answer.json() : { unread: 0 };
  for (const inbox of unread ? inboxes : []) {
    const count = document.createElement("span");
    count.className = "badge accent";
    count.textContent = unread;
    inbox.append(count);
  }
}
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
