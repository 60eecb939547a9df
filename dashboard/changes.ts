import { othersAvailable } from "./rows.ts";
import type { StatusLook, WantedState } from "./status.ts";

/** What somebody wants to change of one backend. */
export interface Change {
  readonly upstream: string;
  readonly backend: string;
  readonly state?: WantedState;
  readonly weight?: number;
}

/** What is asked before something that hurts is done. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button says that does it. */
  readonly yes: string;
}

/** What has to be asked before; `undefined` when it hurts nobody. */
export function questionFor(change: Change, status: StatusLook): Question | undefined {
  const { upstream, backend, state, weight } = change;
  const name = `${upstream}/${backend}`;
  const others = leftText(othersAvailable(status, upstream, backend), upstream);
  if (state === "drain") {
    const text = `It gets no new work; what is open may end. ${others}`;
    return { title: `Drain ${name}?`, text, yes: "Drain" };
  }
  if (state === "maintenance") {
    const text =
      `It gets no new work, its idle connections are closed, and it is not checked any ` +
      `more. ${others}`;
    return { title: `Put ${name} in maintenance?`, text, yes: "Maintenance" };
  }
  if (weight === 0) {
    const text = `It gets no new work but that of sticky clients. ${others}`;
    return { title: `Give ${name} weight 0?`, text, yes: "Set weight 0" };
  }
  return undefined;
}

/** What to say once it is done. */
export function doneText({ upstream, backend, state, weight }: Change): string {
  const name = `${upstream}/${backend}`;
  return state === undefined ? `${name} has weight ${weight}` : `${name} is set to ${state}`;
}

function leftText(others: number, upstream: string): string {
  if (others === 0) return `No other backend of ${upstream} is available: its clients get nothing.`;
  return `${others} other${others === 1 ? "" : "s"} of ${upstream} stay${
    others === 1 ? "s" : ""
  } available.`;
}
