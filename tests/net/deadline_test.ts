import { assertEquals } from "@std/assert";
import { Deadline } from "../../lib/net/deadline.ts";
import { decodeLatin1Fast } from "../../lib/net/latin1.ts";
import { PacedTimeouts } from "../support/paced_timeouts.ts";

Deno.test("Deadline.set() takes the place of the one before", async () => {
  using paced = new PacedTimeouts();
  using deadline = new Deadline(paced.timeouts);
  const calls: string[] = [];
  deadline.set(100, () => calls.push("first"));
  deadline.set(300, () => calls.push("second"));

  await paced.pass(200);
  assertEquals(calls, []);
  await paced.pass(200);

  assertEquals(calls, ["second"]);
});

Deno.test("Deadline.clear() keeps it from expiring, and so does the end", async () => {
  using paced = new PacedTimeouts();
  let calls = 0;
  const deadline = new Deadline(paced.timeouts);
  deadline.set(100, () => calls++);
  deadline.clear();
  deadline.extend(100);
  {
    using other = new Deadline(paced.timeouts);
    other.set(100, () => calls++);
  }

  await paced.pass(200);

  assertEquals(calls, 0);
});

Deno.test("Deadline.extend() starts its time anew, but not once it has expired", async () => {
  using paced = new PacedTimeouts();
  using deadline = new Deadline(paced.timeouts);
  let calls = 0;
  deadline.set(200, () => calls++);

  await paced.pass(100);
  deadline.extend(300);
  await paced.pass(200);
  assertEquals(calls, 0);
  await paced.pass(200);
  deadline.extend(100);
  await paced.pass(200);

  assertEquals(calls, 1);
});

Deno.test("Deadline can be set anew while it expires", async () => {
  using paced = new PacedTimeouts();
  using deadline = new Deadline(paced.timeouts);
  const calls: string[] = [];
  deadline.set(100, () => {
    calls.push("first");
    deadline.set(100, () => calls.push("second"));
  });

  await paced.pass(150);
  assertEquals(calls, ["first"]);
  await paced.pass(150);

  assertEquals(calls, ["first", "second"]);
});

Deno.test("decodeLatin1Fast() makes one character of each byte", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);

  const text = decodeLatin1Fast(bytes, 0, 256);

  assertEquals(Array.from(text, (char) => char.charCodeAt(0)), [...bytes]);
  assertEquals(decodeLatin1Fast(bytes, 65, 68), "ABC");
  assertEquals(decodeLatin1Fast(bytes.subarray(60), 5, 8), "ABC");
  assertEquals(decodeLatin1Fast(bytes, 5, 5), "");
});
