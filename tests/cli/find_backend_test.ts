import { assertEquals, assertThrows } from "@std/assert";
import { findBackend } from "../../lib/cli/find_backend.ts";
import { UsageError } from "../../lib/cli/flags.ts";

const UPSTREAMS = [
  { name: "app", backends: [{ id: "one" }, { id: "shared" }, { id: "unix:/run/a.sock" }] },
  { name: "api", backends: [{ id: "two" }, { id: "shared" }] },
  // A name may look like a path.
  { name: "odd", backends: [{ id: "app/one" }] },
];

Deno.test("findBackend() takes a full name, or the name of a backend that is alone in having it", () => {
  assertEquals(findBackend(UPSTREAMS, "api/shared"), { upstream: "api", backend: "shared" });
  assertEquals(findBackend(UPSTREAMS, "two"), { upstream: "api", backend: "two" });
  assertEquals(findBackend(UPSTREAMS, "unix:/run/a.sock").upstream, "app");
  assertEquals(findBackend(UPSTREAMS, "app/unix:/run/a.sock").upstream, "app");
  assertEquals(findBackend(UPSTREAMS, "app/one"), { upstream: "app", backend: "one" });
  assertEquals(findBackend(UPSTREAMS, "odd/app/one"), { upstream: "odd", backend: "app/one" });
});

const WRONG = [
  ["shared", 'backend "shared" is in several upstreams: name one of app/shared, api/shared'],
  ["twoo", 'there is no backend "twoo": did you mean "two"?'],
  ["api/tow", 'there is no backend "api/tow": did you mean "api/two"?'],
  [
    "backend-9",
    'there is no backend "backend-9": there are app/one, app/shared, app/unix:/run/a.sock, ' +
    "api/two, api/shared, odd/app/one",
  ],
] as const;

for (const [text, message] of WRONG) {
  Deno.test(`findBackend() says what is wrong with "${text}"`, () => {
    assertThrows(() => findBackend(UPSTREAMS, text), UsageError, message);
  });
}
