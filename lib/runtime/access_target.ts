/** Where lines of the access log go. */
export interface AccessTarget extends Disposable {
  write(bytes: Uint8Array): Promise<number>;
}

/** Opens a file for lines to be appended to, or standard output. @throws of the system */
export function openTarget(file: string | undefined): AccessTarget {
  if (file === undefined) {
    return { write: (bytes) => Deno.stdout.write(bytes), [Symbol.dispose]() {} };
  }
  const opened = Deno.openSync(file, { create: true, append: true });
  return {
    write: (bytes) => opened.write(bytes),
    [Symbol.dispose]: () => opened.close(),
  };
}
