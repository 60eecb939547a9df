import { parseArgs } from "@std/cli/parse-args";
import { type Load, measureWarm, warmUp } from "../peers/measure.ts";
import { note } from "../peers/output.ts";
import { contestantOf } from "../peers/row.ts";
import type { Setting, Subject } from "../peers/subjects.ts";

/** How often and how long each variant is measured. */
export interface Turns {
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
}

/** What the command line asks for. */
export interface TurnOptions extends Turns {
  /** Words of the command that the flag gives. */
  readonly command: readonly string[] | undefined;
}

/** Reads `--rounds`, `--seconds` and one flag with a command; `undefined` when they make no sense. */
export function readTurns(args: readonly string[], commandFlag: string): TurnOptions | undefined {
  let isKnown = true;
  const flags = parseArgs([...args], {
    string: ["rounds", "seconds", commandFlag],
    default: { rounds: "60", seconds: "1" },
    unknown: () => isKnown = false,
  });
  const [rounds, seconds] = [Number(flags["rounds"]), Number(flags["seconds"])];
  const text: unknown = flags[commandFlag];
  const command = typeof text === "string" ? text.trim().split(/\s+/) : undefined;
  return isKnown && rounds >= 1 && seconds >= 1 ? { rounds, seconds, command } : undefined;
}

/** What is measured, and under which load. */
export interface TurnWork {
  readonly title: string;
  readonly subjects: readonly Subject[];
  readonly setting: Setting;
  readonly load: Load;
}

/** CPU time per request in microseconds, one a round, by subject; measured in turn. */
export async function measureInTurn(
  { title, subjects, setting, load }: TurnWork,
  { rounds, seconds }: Turns,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const contestants = subjects.map((subject) => contestantOf(subject, setting, seconds));
  for (const contestant of contestants) await warmUp(contestant, load);
  const cpuUs = new Map<string, number[]>(subjects.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < contestants.length; place++) {
      // Each is the first of a round as often as the others.
      const contestant = contestants[(place + round) % contestants.length]!;
      const { values, failures } = await measureWarm(contestant, load);
      if (failures.length > 0) throw new Error(`Cannot measure: ${failures.join(", ")}`);
      const { subject: { id } } = contestant;
      const cpu = values["cpu"] ?? NaN;
      note(`${title}, round ${round + 1} of ${rounds}, ${id}: ${cpu.toFixed(2)} µs`);
      cpuUs.get(id)?.push(cpu);
    }
  }
  for (const { running } of contestants) await (await running()).process.stop();
  return cpuUs;
}
