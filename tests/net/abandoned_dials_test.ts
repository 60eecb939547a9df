import { assertEquals, assertRejects } from "@std/assert";
import { AbandonedDials, MAX_LEFT, TRIAL_MS } from "../../lib/net/abandoned_dials.ts";

/** A dial that the test ends. */
class HungDial {
  readonly #result = Promise.withResolvers<Disposable>();
  disposals = 0;

  readonly open = () => this.#result.promise;

  succeed(): void {
    this.#result.resolve({ [Symbol.dispose]: () => this.disposals++ });
  }

  fail(): void {
    this.#result.reject(new Error("refused"));
  }
}

async function abandon(dials: AbandonedDials, dial: HungDial): Promise<void> {
  const abort = new AbortController();
  const dialling = dials.dial({ target: "a", open: dial.open }, abort.signal);
  abort.abort(new Error("late"));
  await assertRejects(() => dialling, Error, "late");
}

Deno.test("AbandonedDials closes what comes of a dial that nobody waits for", async () => {
  const dials = new AbandonedDials(() => 0);
  const [one, two] = [new HungDial(), new HungDial()];
  await abandon(dials, one);
  await abandon(dials, two);
  assertEquals(dials.count("a"), 2);

  one.succeed();
  two.fail();
  await Promise.resolve();
  await Promise.resolve();

  assertEquals([one.disposals, two.disposals, dials.count("a")], [1, 0, 0]);
});

Deno.test("AbandonedDials hands on a result, and an error", async () => {
  const dials = new AbandonedDials(() => 0);
  const { signal } = new AbortController();
  const result = { [Symbol.dispose]: () => {} };

  assertEquals(
    await dials.dial({ target: "a", open: () => Promise.resolve(result) }, signal),
    result,
  );
  const open = () => Promise.reject(new Error("refused"));
  await assertRejects(() => dials.dial({ target: "a", open }, signal), Error, "refused");
  assertEquals(dials.count("a"), 0);
});

Deno.test("AbandonedDials begins few more while many to one target hang", async () => {
  let nowMs = 0;
  const dials = new AbandonedDials(() => nowMs);
  const { signal } = new AbortController();
  for (let count = 0; count < MAX_LEFT; count++) await abandon(dials, new HungDial());
  await abandon(dials, new HungDial());

  const another = () => dials.dial({ target: "a", open: new HungDial().open }, signal);
  await assertRejects(another, Error, `${MAX_LEFT + 1} connections before it still hang`);
  nowMs = TRIAL_MS;
  await abandon(dials, new HungDial());
  await assertRejects(another, Error, "still hang");
  const result = { [Symbol.dispose]: () => {} };
  await dials.dial({ target: "b", open: () => Promise.resolve(result) }, signal);
});
