import { assert, assertEquals } from "@std/assert";
import { normalizePath } from "../../lib/core/request_path.ts";
import { type PathRewrite, rewritePath } from "../../lib/route/path_rewrite.ts";
import { oneOf, seededRandom, wholeBelow } from "../support/seeded_random.ts";

const CASES: readonly [rewrite: PathRewrite, path: string, rewritten: string][] = [
  [{ stripPrefix: "/v1" }, "/v1/x", "/x"],
  [{ stripPrefix: "/v1" }, "/v1/x/", "/x/"],
  [{ stripPrefix: "/v1" }, "/v1", "/"],
  [{ stripPrefix: "/v1" }, "/v1/", "/"],
  [{ stripPrefix: "/v1/" }, "/v1/x", "/x"],
  [{ stripPrefix: "/v1" }, "/v1x", "/v1x"],
  [{ stripPrefix: "/v1" }, "/V1/x", "/V1/x"],
  [{ stripPrefix: "/v1" }, "/x/v1", "/x/v1"],
  [{ stripPrefix: "/" }, "/x", "/x"],
  [{ stripPrefix: "/v1" }, "/v1//evil", "/evil"],
  [{ stripPrefix: "/v1" }, "/v1///evil/x", "/evil/x"],
  [{ stripPrefix: "/v1" }, "/%761/a%2Fb", "/a%2Fb"],
  [{ stripPrefix: "/v1" }, "//v1/x", "/x"],
  [{ stripPrefix: "/v1" }, "/x/../v1/y", "/y"],
  [{ stripPrefix: "/v1" }, "/v1/../x", "/v1/../x"],
  [{ stripPrefix: "/v1" }, "/v1/../v1/x", "/x"],
  [{ stripPrefix: "/v1" }, "/v1/a/../b", "/a/../b"],
  [{ stripPrefix: "/v1" }, "/v1/a/../../v1/b", "/b"],
  [{ stripPrefix: "/v1" }, "/v1/.", "/."],
  [{ stripPrefix: "/a/b" }, "/a/./b//c", "/c"],
  [{ stripPrefix: "/v1" }, "/v1/a%20b;c=1", "/a%20b;c=1"],
  [{ addPrefix: "/api" }, "/x", "/api/x"],
  [{ addPrefix: "/api/" }, "/x", "/api/x"],
  [{ addPrefix: "/api" }, "/", "/api/"],
  [{ addPrefix: "/" }, "/x", "/x"],
  [{ addPrefix: "/" }, "//evil", "/evil"],
  [{ addPrefix: "/api" }, "//x", "/api//x"],
  [{ stripPrefix: "/v1", addPrefix: "/v2" }, "/v1/x", "/v2/x"],
  [{ stripPrefix: "/v1", addPrefix: "/v2" }, "/v1", "/v2"],
  [{ stripPrefix: "/v1", addPrefix: "/v2" }, "/v1/", "/v2/"],
  [{ stripPrefix: "/v1", addPrefix: "/v2" }, "/x", "/v2/x"],
  [{}, "/x//y", "/x//y"],
  [{}, "//evil", "/evil"],
  [{ stripPrefix: "/v1", addPrefix: "/v2" }, "*", "*"],
];

for (const [rewrite, path, rewritten] of CASES) {
  Deno.test(`rewritePath() makes ${rewritten} of ${path} with ${JSON.stringify(rewrite)}`, () => {
    assertEquals(rewritePath(path, rewrite), rewritten);
  });
}

Deno.test("rewritePath() takes off the prefix and leaves the meaning of the rest", () => {
  const random = seededRandom(11);
  const pieces = ["/", "/", "v1", "..", ".", "%2e", "%76", "1", "a", "%2F"];

  for (let round = 0; round < 20_000; round++) {
    const parts = Array.from({ length: wholeBelow(random, 14) }, () => oneOf(random, pieces));
    const path = `/${parts.join("")}`;
    const normal = normalizePath(path);
    const isBelow = normal === "/v1" || normal.startsWith("/v1/");
    const rewritten = rewritePath(path, { stripPrefix: "/v1" });
    const wanted = isBelow ? normal.slice(3) : normal;

    assert(/^\/(?!\/)/.test(rewritten), path);
    assertEquals(normalizePath(rewritten), wanted === "" ? "/" : wanted, path);
  }
});

Deno.test("rewritePath() takes time linear in the length of the path", () => {
  const path = `/v1${"/a/..".repeat(200_000)}/x`;

  assertEquals(rewritePath(path, { stripPrefix: "/v1" }).length, path.length - 3);
});
