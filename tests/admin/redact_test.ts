import { assertEquals } from "@std/assert";
import { redact } from "../../lib/admin/redact.ts";

Deno.test("redact() hides secrets wherever they stand, and nothing else", () => {
  const config = {
    admin: { tokenFile: "/etc/weir/token", hosts: ["a"] },
    upstreams: [{
      sticky: { cookie: "weir", ttlMs: 5, secret: "0123456789abcdef" },
      hashKey: { kind: "header", name: "x-token" },
      tls: { key: "-----BEGIN EC PRIVATE KEY-----\nabc", keyFile: "site.key", passphrase: "p" },
    }],
    cluster: { redis: "redis://:geheim@127.0.0.1:6379/0", other: "see http://u:p@h/ and x@y" },
    listeners: [{
      match: { headers: { "x-api-key": "k", "x-token": "*", accept: "text/html" } },
      requestHeaders: { remove: [], set: [["Authorization", "Basic abc"], ["x-env", "prod"]] },
      rateLimit: { key: { kind: "cookie", name: "session" } },
    }],
  };

  assertEquals(redact(config), {
    admin: { tokenFile: "/etc/weir/token", hosts: ["a"] },
    upstreams: [{
      sticky: { cookie: "weir", ttlMs: 5, secret: "(hidden)" },
      hashKey: { kind: "header", name: "x-token" },
      tls: { key: "(hidden)", keyFile: "site.key", passphrase: "(hidden)" },
    }],
    cluster: {
      redis: "redis://(hidden)@127.0.0.1:6379/0",
      other: "see http://(hidden)@h/ and x@y",
    },
    listeners: [{
      match: { headers: { "x-api-key": "(hidden)", "x-token": "*", accept: "text/html" } },
      requestHeaders: {
        remove: [],
        set: [["Authorization", "(hidden)"], ["x-env", "prod"]],
      },
      rateLimit: { key: { kind: "cookie", name: "session" } },
    }],
  });
});

Deno.test("redact() leaves what it is given as it is", () => {
  const config = Object.freeze({ secret: "0123456789abcdef" });

  redact(config);

  assertEquals(config.secret, "0123456789abcdef");
});
