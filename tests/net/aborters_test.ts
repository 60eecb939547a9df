import { assert, assertEquals } from "@std/assert";
import { Aborters } from "../../lib/net/aborters.ts";

Deno.test("Aborters.take() lends a controller again that was not aborted", () => {
  const aborters = new Aborters();
  const first = aborters.take();

  aborters.give(first);

  assert(aborters.take() === first);
  assert(aborters.take() !== first);
});

Deno.test("Aborters.give() throws an aborted controller away", () => {
  const aborters = new Aborters();
  const first = aborters.take();
  first.abort();

  aborters.give(first);

  assertEquals(aborters.take().signal.aborted, false);
});
