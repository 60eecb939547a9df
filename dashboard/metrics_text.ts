/** One line of the text format of Prometheus. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Reads some metrics out of a page in the text format of Prometheus, version 0.0.4. Lines of other
 * metrics cost next to nothing, since a page has many; those that make no sense are left out.
 *
 * @param wanted names as they stand in the lines, such as `x_bucket`
 */
export function parseMetrics(text: string, wanted: ReadonlySet<string>): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    const end = line.search(/[{ ]/);
    const name = line.slice(0, Math.max(end, 0));
    if (!wanted.has(name)) continue;
    const sample = parseLine(name, line.slice(end));
    if (sample !== undefined) samples.push(sample);
  }
  return samples;
}

/** Labels in braces, if any; the value; a time stamp, which is not read. */
function parseLine(name: string, rest: string): Sample | undefined {
  const labels: [string, string][] = [];
  let at = 0;
  if (rest.startsWith("{")) {
    const pattern = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/y;
    for (at = 1; rest[at] !== "}";) {
      pattern.lastIndex = at;
      const [whole, label, value] = pattern.exec(rest) ?? [];
      if (whole === undefined || label === undefined || value === undefined) return undefined;
      labels.push([label, unescape(value)]);
      at += whole.length;
      if (rest[at] === ",") at++;
    }
    at++;
  }
  const word = rest.slice(at).trim().split(" ", 1)[0] ?? "";
  const value = parseNumber(word);
  return value === undefined ? undefined : { name, labels: Object.fromEntries(labels), value };
}

/** A number as Go writes it: `+Inf` too. */
export function parseNumber(word: string): number | undefined {
  if (word === "+Inf") return Infinity;
  if (word === "-Inf") return -Infinity;
  const value = Number(word);
  return word === "" || Number.isNaN(value) ? undefined : value;
}

function unescape(value: string): string {
  return value.replace(/\\(.)/g, (_, escaped: string) => escaped === "n" ? "\n" : escaped);
}
