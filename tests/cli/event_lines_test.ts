import { assertEquals } from "@std/assert";
import { eventText, readEvents } from "../../lib/cli/event_lines.ts";

async function eventsOf(pieces: readonly string[]): Promise<string[]> {
  const events: string[] = [];
  async function* stream() {
    yield* pieces;
  }
  for await (const { type, data } of readEvents(stream())) events.push(`${type} ${data}`);
  return events;
}

const STREAM =
  ':\n\nid: 1\nevent: panic\ndata: {"upstream":"a: b"}\n\n:\n\nevent: draining\ndata: {}\n\n';

Deno.test("readEvents() reads events however the stream is cut, and passes over comments", async () => {
  const expected = ['panic {"upstream":"a: b"}', "draining {}"];

  assertEquals(await eventsOf([STREAM]), expected);
  for (let cut = 1; cut < STREAM.length; cut++) {
    assertEquals(await eventsOf([STREAM.slice(0, cut), STREAM.slice(cut)]), expected);
  }
});

Deno.test("readEvents() gives no event that was cut off", async () => {
  assertEquals(await eventsOf(['event: panic\ndata: {"a"']), []);
});

Deno.test("eventText() keeps every value one word on one line", () => {
  const data = JSON.stringify({ at: "T", up: false, reason: 'no "answer"\nin time', weight: 3 });

  assertEquals(
    eventText({ type: "health", data }),
    'T health up=false reason="no \\"answer\\"\\nin time" weight=3',
  );
});
