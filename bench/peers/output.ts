/** Writes one line to standard output: results. */
export function printLine(text = ""): void {
  writeAll(Deno.stdout, `${text}\n`);
}

/** Writes one line to standard error: progress and failures. */
export function note(text: string): void {
  writeAll(Deno.stderr, `${text}\n`);
}

function writeAll(sink: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(sink.writeSync(rest));
}
