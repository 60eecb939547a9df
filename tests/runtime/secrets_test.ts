import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Config } from "../../lib/config/types.ts";
import { fillSecrets } from "../../lib/runtime/secrets.ts";
import { configOf, upstreamConfig } from "../support/configs.ts";

const sticky = (secret: string) => ({ cookie: "c", ttlMs: 1000, secret });

const CONFIG: Config = configOf([], [
  upstreamConfig("plain", []),
  { ...upstreamConfig("own", []), sticky: sticky("given") },
  { ...upstreamConfig("one", []), sticky: sticky("") },
  { ...upstreamConfig("other", []), sticky: sticky("") },
]);

Deno.test("fillSecrets() makes a secret where there is none, and changes nothing else", () => {
  const before = structuredClone(CONFIG);

  const filled = fillSecrets(CONFIG);

  const [plain, own, one, other] = filled.upstreams;
  assertEquals([plain, own], [CONFIG.upstreams[0], CONFIG.upstreams[1]]);
  assertMatch(one?.sticky?.secret ?? "", /^[0-9a-f]{64}$/);
  assertMatch(other?.sticky?.secret ?? "", /^[0-9a-f]{64}$/);
  assertNotEquals(one?.sticky?.secret, other?.sticky?.secret);
  assertEquals(CONFIG, before);
});

Deno.test("fillSecrets() makes another one each time", () => {
  const [first, second] = [fillSecrets(CONFIG), fillSecrets(CONFIG)];

  assertNotEquals(first.upstreams[2]?.sticky?.secret, second.upstreams[2]?.sticky?.secret);
});
