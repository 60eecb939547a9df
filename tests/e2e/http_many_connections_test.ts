import { assertEquals, assertLess } from "@std/assert";
import { inParallel, receiveBody, send } from "../support/clients.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf } from "../support/http_wire.ts";
import { residentKib } from "../support/weir.ts";

const COUNT = 5000;
/** Answered before memory is measured: what the program takes once is not a client's. */
const WARM = 200;
/** The goal is half of it; what is left leaves room for when the heap was last collected. */
const KIB_PER_CLIENT = 32;

Deno.test("5,000 keep-alive clients: all are answered, stay open, and are answered again", async () => {
  await using backend = new HttpBackend(({ request }) => answerOf(200, request.line));
  await using scenario = await startHttp({ workers: 2, backends: [backend.address] });
  using stack = new DisposableStack();
  const conns: Deno.Conn[] = [];
  const ask = async (index: number, round: number) => {
    const line = `GET /${round}/${index} HTTP/1.1`;
    await send(conns[index]!, headOf(line, "Host: a"));
    assertEquals(await receiveBody(conns[index]!), line);
  };
  const open = async (index: number) => {
    conns[index] = stack.use(await scenario.connect());
    await ask(index, 1);
  };

  await inParallel(WARM, 50, open);
  const beforeKib = await residentKib(scenario.weir.pid);
  await inParallel(COUNT - WARM, 50, (index) => open(WARM + index));
  const grownKib = await residentKib(scenario.weir.pid) - beforeKib;

  assertEquals((await scenario.listenerStatus()).active, COUNT);
  await inParallel(COUNT, 200, (index) => ask(index, 2));
  const { active, accepted, rejected } = await scenario.listenerStatus();
  assertEquals([active, accepted, rejected], [COUNT, COUNT, 0]);
  assertLess(grownKib / (COUNT - WARM), KIB_PER_CLIENT, "KiB per idle client");
});
