import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { AdminBench, TOKEN } from "../support.ts";

const PARTS = [
  ["/", "text/html; charset=utf-8"],
  ["/dashboard.js", "text/javascript; charset=utf-8"],
  ["/dashboard.css", "text/css; charset=utf-8"],
  ["/dashboard.svg", "image/svg+xml; charset=utf-8"],
] as const;

for (const [path, type] of PARTS) {
  Deno.test(`GET ${path} is part of the dashboard, which everybody may load`, async () => {
    using b = new AdminBench({ token: TOKEN });
    const response = await b.ask(path);

    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), type);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    assertEquals((await response.text()).length > 100, true);
    assertEquals(await b.statusOf(path, { method: "POST" }), 401);
    assertEquals(await b.statusOf(path, { host: "evil.example" }), 403);
  });
}

Deno.test("GET / may load its own parts and nothing else, and runs nothing inline", async () => {
  using b = new AdminBench();
  const response = await b.ask("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  const page = await response.text();

  assertStringIncludes(policy, "default-src 'none'; script-src 'self'; style-src 'self'");
  assertStringIncludes(policy, "require-trusted-types-for 'script'");
  assertFalse(/unsafe|http|\*/.test(policy), policy);
  assertFalse(/<style|\sstyle=|\son\w+=|<script(?![^>]* src="\/dashboard\.js")/.test(page));
  const links = [...page.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, link]) => link);
  assertEquals(new Set(links), new Set(["/dashboard.svg", "/dashboard.css", "/dashboard.js"]));
});

Deno.test("the dashboard carries the licence of what is in it", async () => {
  using b = new AdminBench();
  for (const path of ["/dashboard.js", "/dashboard.css"]) {
    const text = await (await b.ask(path)).text();

    assertStringIncludes(text, "Leon Sorokin");
    assertStringIncludes(text, "The above copyright notice");
  }
});
