import { assertEquals } from "@std/assert";
import { loadConfigText } from "../../lib/config/load.ts";

/** Everything that is wrong with a configuration, as `path: message`. */
async function problemsOf(listener: string): Promise<string[]> {
  const text =
    `listeners:\n  - ${listener}\nupstreams:\n  app: { backends: [{ address: "h:1" }] }\n`;
  const result = await loadConfigText("weir.yaml", text, {
    variable: () => undefined,
    files: { read: () => Promise.resolve({ kind: "missing" }), list: () => Promise.resolve([]) },
    cores: 1,
  });
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

const PAIR = "certificates: [{ cert: a, key: b }]";

for (
  const [title, listener, expected] of [
    [
      "no certificate",
      `{ address: ":1", upstream: app, tls: { certificates: [] } }`,
      "listeners[0].tls.certificates: must have at least one certificate: current value is []",
    ],
    [
      "a Unix socket",
      `{ address: "unix:/run/a", upstream: app, tls: { ${PAIR} } }`,
      "listeners[0].tls: must stand in a listener with a TCP address: TLS is not ended on Unix " +
      "sockets",
    ],
    [
      "alpn over HTTP",
      `{ address: ":1", protocol: http, upstream: app, tls: { ${PAIR}, alpn: [h2] } }`,
      'listeners[0].tls.alpn: is for TCP only: an HTTP listener speaks "http/1.1"',
    ],
    [
      "hsts over TCP",
      `{ address: ":1", upstream: app, tls: { ${PAIR}, hsts: 1d } }`,
      'listeners[0].tls.hsts: is for HTTP only: must stand in a listener with "protocol: http"',
    ],
    [
      "a short preload",
      `{ address: ":1", protocol: http, upstream: app, ` +
      `tls: { ${PAIR}, hsts: { max_age: 1d, preload: true } } }`,
      "listeners[0].tls.hsts: preload needs include_subdomains and a max_age of 365d or more: " +
      'current value is {"max_age":"1d","preload":true}',
    ],
    [
      "a redirect beside tls",
      `{ address: ":1", protocol: http, https_redirect: true, tls: { ${PAIR} } }`,
      "listeners[0].https_redirect: must stand in a listener without tls: this one has it",
    ],
    [
      "a redirect over TCP",
      `{ address: ":1", upstream: app, https_redirect: true }`,
      "listeners[0].https_redirect: is for HTTP only: must stand in a listener with " +
      '"protocol: http"',
    ],
    [
      "a redirect beside an upstream",
      `{ address: ":1", protocol: http, upstream: app, https_redirect: { port: 8443 } }`,
      "listeners[0].https_redirect: must not stand beside an upstream: every request would be " +
      "sent to https before it",
    ],
    [
      "a redirect that is none",
      `{ address: ":1", protocol: http, https_redirect: { status: 200 } }`,
      "listeners[0].https_redirect: status must be one of 301, 302, 307, 308: current value is " +
      '{"status":200}',
    ],
    [
      "an address as a name",
      `{ address: ":1", upstream: app, tls: { certificates: [` +
      `{ cert: a, key: b, names: ["10.0.0.1"] }] } }`,
      "listeners[0].tls.certificates[0].names[0]: must be a host name, like example.com or " +
      '*.example.com: current value is "10.0.0.1"',
    ],
  ] as const
) {
  Deno.test(`tls with ${title} is refused`, async () => {
    assertEquals(await problemsOf(listener), [expected]);
  });
}
