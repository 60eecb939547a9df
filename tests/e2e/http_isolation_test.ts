import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { inParallel } from "../support/clients.ts";
import { type Exchange, HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, chunked, headOf, statusOf } from "../support/http_wire.ts";
import { oneOf, seededRandom, wholeBelow } from "../support/seeded_random.ts";
import { eventually, pause } from "../support/wait.ts";

const CLIENTS = 24;
const REQUESTS_PER_CLIENT = 40;

Deno.test("no byte of one client reaches another, whatever clients and backends do", async () => {
  const random = seededRandom(7);
  await using one = new HttpBackend((exchange) => misbehave(exchange, random));
  await using two = new HttpBackend((exchange) => misbehave(exchange, random));
  await using scenario = await startHttp({
    workers: 2,
    backends: [one.address, two.address],
    upstream: { pool: { max_idle: 4 }, retry: { attempts: 3 } },
  });

  const counts = { answered: 0, refused: 0, cut: 0, left: 0 };
  await inParallel(CLIENTS, CLIENTS, async (index) => {
    const ownRandom = seededRandom(1000 + index);
    const visitor = new Visitor(`client-${index}`, scenario.address, ownRandom);
    for (let i = 0; i < REQUESTS_PER_CLIENT; i++) counts[await visitor.visit(i)]++;
    visitor.leave();
  });

  // Every kind of end was there, or this test would show less than it says.
  assertGreater(counts.answered, CLIENTS * REQUESTS_PER_CLIENT / 2, JSON.stringify(counts));
  for (const count of Object.values(counts)) assertGreater(count, 0, JSON.stringify(counts));
  assertGreater(one.requests.length + two.requests.length, one.accepted + two.accepted);
  assertEquals([...one.faults, ...two.faults].filter((fault) => !isCutRequest(fault)), []);
  await eventually("nothing to be left over", async () => {
    assertEquals((await scenario.listenerStatus()).active, 0);
    assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [0, 0]);
    // `max_idle` in each of two threads.
    for (const { open } of [one, two]) assertLessOrEqual(open, 8);
  });
});

/** Answers with what was asked: slowly, in pieces, not at all, only half of it, or too much. */
async function misbehave({ request, wire }: Exchange, random: () => number) {
  const body = `${request.line} ${request.body}`;
  const whole = oneOf(random, [true, false])
    ? answerOf(200, body)
    : headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + chunked(piecesOf(body, random));
  const kind = wholeBelow(random, 20);
  if (kind === 0) return undefined;
  if (kind === 1) {
    await wire.send(whole.slice(0, -1 - wholeBelow(random, body.length)));
    return undefined;
  }
  if (kind === 2) return whole.replace("\r\n", "\r\nConnection: close\r\n");
  if (kind === 3) return whole + answerOf(200, "stray");
  if (kind === 4) return `${headOf("HTTP/1.1 103 Early Hints", "X: 1")}${whole}`;
  if (kind > 10) return whole;
  for (const piece of piecesOf(whole, random)) {
    await wire.send(piece);
    await pause(wholeBelow(random, 3));
  }
  return "";
}

/** A client that checks each answer against what it asked. */
class Visitor {
  readonly #name: string;
  readonly #address: string;
  readonly #random: () => number;
  #client: HttpClient | undefined;

  constructor(name: string, address: string, random: () => number) {
    this.#name = name;
    this.#address = address;
    this.#random = random;
  }

  /** Asks once. @throws {Error} when the answer is another than its own */
  async visit(index: number): Promise<"answered" | "refused" | "cut" | "left"> {
    this.#client ??= await HttpClient.connect(this.#address);
    const line = `${oneOf(this.#random, ["PUT", "POST"])} /${this.#name}/${index} HTTP/1.1`;
    const body = `${this.#name}:${index};`.repeat(wholeBelow(this.#random, 2000));
    const isWhole = await this.#send(line, body);
    if (!isWhole) return "left";
    try {
      let answer = await this.#client.read("PUT");
      while (statusOf(answer) < 200) answer = await this.#client.read("PUT");
      const isRefused = statusOf(answer) === 502;
      if (answer.fields.some(([name, value]) => name === "Connection" && value === "close")) {
        this.leave();
      }
      if (isRefused) return "refused";
      assertEquals(answer.body === `${line} ${body}`, true, `answer to ${line}`);
      return "answered";
    } catch (error) {
      if (!isCut(error)) throw error;
      const names = this.#client?.wire.received.match(/client-\d+(?=[:/])|stray/g) ?? [];
      assertEquals(names.filter((name) => name !== this.#name), []);
      this.leave();
      return "cut";
    }
  }

  leave(): void {
    this.#client?.[Symbol.dispose]();
    this.#client = undefined;
  }

  /** Sends a request, or leaves in the middle of it or before its answer. */
  async #send(line: string, body: string): Promise<boolean> {
    const random = this.#random;
    const request = wholeBelow(random, 2) === 0
      ? headOf(line, "Host: a", `Content-Length: ${body.length}`) + body
      : headOf(line, "Host: a", "Transfer-Encoding: chunked") + chunked(piecesOf(body, random));
    const leaves = wholeBelow(random, 12) === 0;
    const part = leaves ? request.slice(0, wholeBelow(random, request.length + 1)) : request;
    await this.#client?.send(part);
    if (!leaves) return true;
    await pause(wholeBelow(random, 4));
    this.leave();
    return false;
  }
}

function isCut(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    (error instanceof Error && error.message.includes("input ended after"));
}

/** A request that its client broke off. */
function isCutRequest(fault: string): boolean {
  return /input ended after|reset by peer|Broken pipe/i.test(fault);
}

function piecesOf(text: string, random: () => number): string[] {
  const pieces = [];
  for (let at = 0; at < text.length;) {
    const length = 1 + wholeBelow(random, Math.max(1, text.length / 2));
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}
