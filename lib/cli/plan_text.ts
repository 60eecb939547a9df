import { ASKED_KEYS } from "../runtime/key_moves.ts";
import type { ChangePlan, Draining } from "../runtime/plan_change.ts";
import { diffText } from "./diff_text.ts";

/** What `weir plan` prints. */
export function planText(plan: ChangePlan): string {
  const { how, changes, permissions: { gained, lost }, keys, needRestart, draining } = plan;
  return [
    how === "in_place" ? "a reload would be in place" : "a reload would start new threads",
    ...diffText(changes).map((line) => `  ${line}`),
    ...gained.map((entry) => `permission gained: ${entry}`),
    ...lost.map((entry) => `permission lost: ${entry}`),
    ...keys.map(({ upstream, moved }) => {
      return `upstream ${upstream}: ${moved} of ${ASKED_KEYS} keys would move`;
    }),
    ...(draining === undefined ? [] : drainingText(draining)),
    ...needRestart.map((setting) => `only a restart takes on ${setting}`),
    ...plan.warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}

function drainingText({ listeners, backends, withFormerThreads }: Draining): string[] {
  return [
    ...listeners.map(({ name, open }) => `listener ${name}: ${open} open connections would drain`),
    ...backends.map(({ name, inFlight }) => `backend ${name}: ${inFlight} in flight would drain`),
    ...(withFormerThreads === 0
      ? []
      : [`${withFormerThreads} open connections would stay with the threads of before`]),
  ];
}
