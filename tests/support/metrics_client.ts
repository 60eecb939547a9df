import { DEADLINE_MS, within } from "./wait.ts";

/** The page of metrics of a Weir, by the address of its admin listener. */
export async function scrape(admin: string): Promise<string> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const response = await within("a scrape", fetch(`http://${admin}/metrics`, { signal }));
  const text = await response.text();
  if (response.status === 200) return text;
  throw new Error(`Cannot scrape "${admin}": ${response.status} ${text}`);
}

/** Names of the metrics on a page, with or without samples. */
export function familiesOf(page: string): Set<string> {
  return new Set(page.matchAll(/^# TYPE (\S+) /gm).map((match) => match[1]!));
}

/** Names of the metrics that a page has samples of; of a histogram the name that it begins with. */
export function sampledIn(page: string): Set<string> {
  const samples = new Set(page.matchAll(/^(\w+)[{ ]/gm).map((match) => match[1]!));
  return new Set([...familiesOf(page)].filter((name) => {
    return samples.has(name) || samples.has(`${name}_bucket`);
  }));
}

/** The sum of a metric over all samples whose labels hold each of `parts`. */
export function sumOf(page: string, name: string, ...parts: string[]): number {
  let sum = 0;
  for (const line of page.split("\n")) {
    const isIt = line.startsWith(`${name}{`) || line.startsWith(`${name} `);
    if (isIt && parts.every((part) => line.includes(part))) sum += Number(line.split(" ").at(-1));
  }
  return sum;
}
