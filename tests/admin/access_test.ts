import { assert, assertEquals, assertMatch } from "@std/assert";
import { AdminBench, TOKEN } from "./support.ts";

const STATUS = "/api/v1/status";

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

Deno.test("Access lets in whoever has the token, and nobody else", async () => {
  using b = new AdminBench({ token: TOKEN });
  const ask = (authorization: string) => b.statusOf(STATUS, { headers: { authorization } });

  assertEquals(await ask(`Bearer ${TOKEN}`), 200);
  assertEquals(await ask(`bearer ${TOKEN}`), 200);
  for (const wrong of ["", "Bearer", `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`, "Bearer x"]) {
    assertEquals(await ask(wrong), 401, wrong);
  }
});

Deno.test("Access gives a browser a cookie for the token, and takes it back", async () => {
  using b = new AdminBench({ token: TOKEN });
  const login = await b.ask("/api/v1/login", { method: "POST", json: { token: TOKEN } });
  const field = login.headers.get("set-cookie") ?? "";
  const cookie = field.split(";")[0]!;

  assertEquals(login.status, 204);
  assertMatch(field, /^weir_admin_9000=.*; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  assert(!field.includes(TOKEN));
  assertEquals(await b.statusOf(STATUS, { headers: { cookie: `a=b; ${cookie}` } }), 200);
  const logout = await b.ask("/api/v1/logout", { method: "POST" });
  assertMatch(logout.headers.get("set-cookie") ?? "", /^weir_admin_9000=; .*Max-Age=0/);
});

Deno.test("Access gives no cookie for a wrong token", async () => {
  using b = new AdminBench({ token: TOKEN });
  const login = (json: unknown) => b.statusOf("/api/v1/login", { method: "POST", json });

  assertEquals(await login({ token: "wrong" }), 401);
  assertEquals(await login({ token: 5 }), 400);
  assertEquals(await login({}), 400);
});

Deno.test("Access refuses a cookie that ran out, was changed, or is of another process", async () => {
  using b = new AdminBench({ token: TOKEN });
  using other = new AdminBench({ token: TOKEN });
  const cookieOf = async (bench: AdminBench) => {
    const login = await bench.ask("/api/v1/login", { method: "POST", json: { token: TOKEN } });
    return login.headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  const ask = (cookie: string) => b.statusOf(STATUS, { headers: { cookie } });
  const cookie = await cookieOf(b);

  assertEquals(await ask(cookie.replace("=", "=9")), 401);
  assertEquals(await ask(cookie.replace(/.$/, (last) => last === "0" ? "1" : "0")), 401);
  assertEquals(await ask(await cookieOf(other)), 401);
  assertEquals(await ask(cookie), 200);
  await b.clock.run(12 * 3600_000, 3600_000);
  assertEquals(await ask(cookie), 401);
});

Deno.test("Access hears ten wrong tokens of a client, then one in six seconds", async () => {
  using b = new AdminBench({ token: TOKEN });
  const ask = (token: string, peer = "192.0.2.1") =>
    b.statusOf(STATUS, { peer, headers: bearer(token) });

  for (let count = 0; count < 10; count++) assertEquals(await ask("wrong"), 401);
  const late = await b.ask(STATUS, { peer: "192.0.2.1", headers: bearer(TOKEN) });
  await late.body?.cancel();

  assertEquals([late.status, late.headers.get("retry-after")], [429, "6"]);
  assertEquals(await ask(TOKEN, "192.0.2.2"), 200);
  await b.clock.run(6000, 1000);
  assertEquals([await ask("wrong"), await ask("wrong")], [401, 429]);
  await b.clock.run(60_000, 1000);
  assertEquals(await ask(TOKEN), 200);
});

Deno.test("Access takes all of an IPv6 /64 for one client", async () => {
  using b = new AdminBench({ token: TOKEN });
  const ask = (peer: string, token: string) => b.statusOf(STATUS, { peer, headers: bearer(token) });

  for (let count = 0; count < 10; count++) await ask(`2001:db8::${count}`, "wrong");

  assertEquals(await ask("2001:db8::ffff:1", TOKEN), 429);
  assertEquals(await ask("2001:db8:0:1::1", TOKEN), 200);
});

Deno.test("Access tells IPv4 clients apart that come over IPv6", async () => {
  using b = new AdminBench({ token: TOKEN });
  const ask = (peer: string, token: string) => b.statusOf(STATUS, { peer, headers: bearer(token) });

  for (let count = 0; count < 10; count++) await ask("::ffff:192.0.2.1", "wrong");

  assertEquals(await ask("192.0.2.1", TOKEN), 429);
  assertEquals(await ask("::ffff:192.0.2.2", TOKEN), 200);
});

Deno.test("Access remembers a thousand clients and no more", async () => {
  using b = new AdminBench({ token: TOKEN });
  const ask = (peer: string, token = "wrong") =>
    b.statusOf(STATUS, { peer, headers: bearer(token) });

  for (let count = 0; count < 10; count++) await ask("192.0.2.1");
  assertEquals(await ask("192.0.2.1"), 429);
  for (let client = 0; client < 1024; client++) await ask(`10.0.${client >> 8}.${client & 255}`);

  assertEquals(await ask("192.0.2.1", TOKEN), 200);
});

Deno.test("Access counts no cookie and no missing token as a guess", async () => {
  using b = new AdminBench({ token: TOKEN });

  for (let count = 0; count < 20; count++) {
    await b.statusOf(STATUS, { headers: { cookie: "weir_admin_9000=1.2" } });
    await b.statusOf(STATUS);
  }

  assertEquals(await b.statusOf(STATUS, { headers: bearer(TOKEN) }), 200);
});
