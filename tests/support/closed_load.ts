import { inParallel } from "./clients.ts";
import { HttpClient } from "./http_client.ts";
import { headOf, statusOf, valueOf } from "./http_wire.ts";
import type { Scenario } from "./scenario.ts";

/** Clients of a {@linkcode closedLoad}. */
export const CLIENTS = 200;
/** Requests of all its clients. */
export const REQUESTS = 4000;

/** What the clients send. */
export const KILL_REQUESTS = {
  GET: headOf("GET / HTTP/1.1", "Host: a"),
  POST: headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 4") + "body",
} as const;

/**
 * Clients that keep their connections ask one request after the other; `half` is called when half of
 * it is done.
 *
 * @returns the bodies of answers with 200, and the status of the others
 */
export async function closedLoad(
  scenario: Scenario,
  request: string,
  half: () => void = () => {},
): Promise<string[]> {
  const results: string[] = [];
  await inParallel(CLIENTS, CLIENTS, async () => {
    let client = await HttpClient.connect(scenario.address);
    try {
      for (let n = 0; n < REQUESTS / CLIENTS; n++) {
        const answer = await client.ask(request);
        results.push(statusOf(answer) === 200 ? answer.body : String(statusOf(answer)));
        if (results.length === REQUESTS / 2) half();
        // Weir closes after a body that it could not pass on.
        if (valueOf(answer, "Connection") !== "close") continue;
        client[Symbol.dispose]();
        client = await HttpClient.connect(scenario.address);
      }
    } finally {
      client[Symbol.dispose]();
    }
  });
  return results;
}
