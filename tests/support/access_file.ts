import { assertEquals } from "@std/assert";
import { eventually } from "./wait.ts";

/** A line of the access log in JSON. */
export type AccessLine = Readonly<Record<string, unknown>>;

/** The whole lines of a file. @throws {SyntaxError} when one of them is no JSON */
export async function accessLines(path: string): Promise<AccessLine[]> {
  const text = await Deno.readTextFile(path);
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** The lines of a file once there are as many as that. */
export function awaitLines(path: string, count: number): Promise<AccessLine[]> {
  return eventually(`${count} lines in ${path}`, async () => {
    const lines = await accessLines(path);
    assertEquals(lines.length, count);
    return lines;
  });
}
