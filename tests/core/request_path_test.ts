import { assert, assertEquals } from "@std/assert";
import { isNormal, normalizePath, pathSegments } from "../../lib/core/request_path.ts";
import { seededRandom } from "../support/seeded_random.ts";

const CASES: readonly [path: string, normal: string][] = [
  ["/", "/"],
  ["/a/b", "/a/b"],
  ["/a/b/", "/a/b/"],
  ["//", "/"],
  ["//a", "/a"],
  ["/a//b", "/a/b"],
  ["/a///", "/a/"],
  ["/./a", "/a"],
  ["/a/.", "/a/"],
  ["/a/..", "/"],
  ["/a/b/..", "/a/"],
  ["/a/../b", "/b"],
  ["/../../a", "/a"],
  ["/..", "/"],
  ["/.hidden", "/.hidden"],
  ["/..a", "/..a"],
  ["/...", "/..."],
  ["/a.b/c..", "/a.b/c.."],
  ["/%61dmin", "/admin"],
  ["/%2e%2E/a", "/a"],
  ["/a/%2e%2e/b", "/b"],
  ["/a/.%2e/b", "/b"],
  ["/a%2fb", "/a%2Fb"],
  ["/%2F%2f", "/%2F%2F"],
  ["/%7euser/%2D%5f", "/~user/-_"],
  ["/%25%32%65", "/%252e"],
  ["/%zz/%4", "/%25zz/%254"],
  ["/%%361", "/%2561"],
  ["/caf%c3%a9", "/caf%C3%A9"],
  ["/a;x=1/../b", "/b"],
  ["/a/..;/b", "/a/..;/b"],
  ["/a;/b", "/a;/b"],
  ["/a\\..\\b", "/a\\..\\b"],
  ["*", "*"],
  ["", ""],
];

for (const [path, normal] of CASES) {
  Deno.test(`normalizePath() makes ${normal} of ${path}`, () => {
    assertEquals(normalizePath(path), normal);
  });
}

Deno.test("normalizePath() has nothing left to do after the first time", () => {
  const random = seededRandom(3);
  const pieces = ["/", ".", "..", "%2e", "%2F", "a", ";", "%61", "//", "%"];

  for (let round = 0; round < 5000; round++) {
    const count = Math.floor(random() * 12);
    const parts = Array.from({ length: count }, () => pieces[Math.floor(random() * pieces.length)]);
    const path = `/${parts.join("")}`;
    const normal = normalizePath(path);

    assert(normal.startsWith("/") && !normal.includes("//"), path);
    assert(!/\/\.{1,2}(\/|$)/.test(normal), path);
    assertEquals(normalizePath(normal), normal, path);
    if (isNormal(path)) assertEquals(normal, path);
  }
});

Deno.test("pathSegments() tells where each segment that is left ends", () => {
  const segments = pathSegments("/x/../%61//b/");

  assertEquals(segments, [{ text: "a", end: 9 }, { text: "b", end: 12 }]);
});
