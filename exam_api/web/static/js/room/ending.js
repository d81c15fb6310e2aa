// The end of a test: the question whether to finish, and the result (T-4.6, T-4.12).
import { $, say, show, sleep } from "../dom.js";
import { problemText, t } from "../i18n.js";

const OVER = new Set(["submitted", "expired", "removed", "annulled", "absent", "not_admitted"]);

/** Nothing more happens in this room. */
export const isOver = ({ state }) => OVER.has(state);

export function askFinish(unanswered) {
  say($("#finish-text"), unanswered ? t("finish.unanswered", { n: unanswered }) : t("finish.all_answered"));
  show($("#finish-problem"), false);
  $("#finish-dialog").showModal();
}

export const closeFinish = () => $("#finish-dialog").close();

/** Send what waits, then finish. The new snapshot, or null where it did not work. */
export async function finish(client, player) {
  const yes = $("[data-act=finish-yes]");
  yes.disabled = true;
  try {
    await Promise.race([player.outbox.flush(), sleep(8000)]);
    if (player.unsaved) throw Object.assign(new Error(), { code: "answers_waiting" });
    return await client.finish();
  } catch (problem) {
    show($("#finish-problem"));
    say($("#finish-problem"), problemText(problem.code));
    return null;
  } finally {
    yes.disabled = false;
  }
}

export function fillResult({ result, state }) {
  say($("#result-reason"), t(`result.reason.${state}`));
  for (const part of [$("#result-letter"), $("#result-facts")]) show(part, Boolean(result));
  say($("#result-letter"), result?.letter ?? "…");
  say($("#result-points"), result ? t("result.points_of_100", { points: result.points }) : "…");
  say($("#result-correct"), result ? t("result.correct_of", { score: result.score, total: result.total }) : "…");
  say($("#result-gpa"), result ? String(result.gpa) : "…");
}
