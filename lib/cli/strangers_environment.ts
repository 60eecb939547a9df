import { type LoadEnvironment, systemEnvironment } from "../config/load.ts";

/**
 * What a configuration is checked with that came from elsewhere: it has no variables, and learns of
 * files only that they are there and how long they are.
 */
export function strangersEnvironment(): LoadEnvironment {
  const { files, cores } = systemEnvironment();
  return {
    variable: () => undefined,
    cores,
    files: {
      list: () => Promise.resolve([]),
      read: async (path) => {
        if (!await isPlainFile(path)) return { kind: "missing" };
        const read = await files.read(path);
        return read.kind === "bytes" ? { kind: "bytes", bytes: read.bytes.fill(X) } : read;
      },
    },
  };
}

/** Others may be without an end. */
async function isPlainFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

const X = "x".charCodeAt(0);
