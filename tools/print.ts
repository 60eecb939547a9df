/** Writes one line to standard output. */
export function print(line: string): void {
  writeAll(Deno.stdout, line);
}

/** Writes one line to standard error. */
export function printError(line: string): void {
  writeAll(Deno.stderr, line);
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, line: string): void {
  let rest = new TextEncoder().encode(`${line}\n`);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
