import { assertEquals } from "@std/assert";
import type { AmbiguousMessage } from "../support/ambiguous_message.ts";
import { AMBIGUOUS } from "../support/http_ambiguous.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";

/** How the bytes are handed over. */
const WAYS = {
  "at once": (client: HttpClient, bytes: string) => client.send(bytes),
  "a byte at a time": (client: HttpClient, bytes: string) => client.sendSlowly(bytes),
};

for (const [way, sendTo] of Object.entries(WAYS)) {
  Deno.test(`ambiguous messages, sent ${way}: refused, or one request with one meaning`, async (t) => {
    // Who answers with the target and the body shows whose answer went to whom.
    await using backend = new HttpBackend(({ request: { line, body } }) =>
      answerOf(200, `${line} ${body}`)
    );
    await using scenario = await startHttp({ backends: [backend.address] });

    for (const [index, message] of AMBIGUOUS.entries()) {
      await t.step(message.name, async () => {
        const before = backend.requests.length;
        const seen = await tryMessage(scenario.address, message, sendTo);
        // Anything left over on a connection to the backend would get this one's answer.
        const marker = `GET /marker/${index} HTTP/1.1`;
        const after = await askOnce(scenario.address, headOf(marker, "Host: a"));

        assertEquals(after.body, `${marker} `);
        const requests = backend.requests.slice(before, -1).map(({ body }) => body);
        if ("status" in message.verdict) {
          const { status } = message.verdict;
          assertEquals({ ...seen, requests }, { statuses: [status], end: "ended", requests: [] });
        } else {
          const { body } = message.verdict;
          assertEquals({ ...seen, requests }, { statuses: [200], end: "open", requests: [body] });
        }
      });
    }
    // A request that Weir breaks off half-way is none; one that the backend cannot read would be.
    const faults = backend.faults.filter((fault) => !fault.includes("input ended after"));
    assertEquals(faults, []);
  });
}

Deno.test("what was refused says why, by one word", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({ backends: [backend.address] });

  const answer = await askOnce(
    scenario.address,
    headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked"),
  );

  assertEquals(statusOf(answer), 400);
  assertEquals(valueOf(answer, "X-Weir-Reason"), "bad_framing");
  assertEquals(valueOf(answer, "Connection"), "close");
  assertEquals(backend.accepted, 0);
});

interface Seen {
  readonly statuses: readonly number[];
  readonly end: "open" | "ended" | "reset";
}

/** Sends the message over a connection of its own; says what came back. */
async function tryMessage(
  address: string,
  { bytes, verdict }: AmbiguousMessage,
  sendTo: (client: HttpClient, bytes: string) => Promise<void>,
): Promise<Seen> {
  using client = await HttpClient.connect(address);
  const sent = sendTo(client, bytes);
  if ("body" in verdict) {
    const answer = await client.read();
    await sent;
    return { statuses: [statusOf(answer)], end: "open" };
  }
  const end = await client.end();
  await sent;
  const statuses = client.wire.received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm);
  return { statuses: [...statuses].map(([, status]) => Number(status)), end };
}
