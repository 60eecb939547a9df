const encoder = new TextEncoder();

/** Writes a line to standard output; a reader that has gone away is no error. */
export function printLine(text: string): void {
  writeAll(Deno.stdout, `${text}\n`);
}

/** Writes a line to standard error; a reader that has gone away is no error. */
export function printError(text: string): void {
  writeAll(Deno.stderr, `${text}\n`);
}

/** Writes text as it is to standard output. */
export function printText(text: string): void {
  writeAll(Deno.stdout, text);
}

function writeAll(target: typeof Deno.stdout, text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += target.writeSync(bytes.subarray(done));
  } catch {
    // `weir schema | head` closes the pipe early; there is nobody left to tell.
  }
}
