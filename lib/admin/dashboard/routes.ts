import type { AdminRoute } from "../router.ts";
import { ICON, PAGE, SCRIPT, STYLE } from "./assets.ts";

/**
 * What the page may do: load its own script, style and icon, and ask its own address. Nothing inline,
 * nothing foreign, no text read as code (Trusted Types), no frames, no forms that go anywhere.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/**
 * The dashboard: a page and its parts, which are the same for everybody and tell nothing. What they
 * show they ask of the other routes, which want the token.
 */
export const DASHBOARD_ROUTES: readonly AdminRoute[] = [
  part("/", "text/html", PAGE, { "content-security-policy": PAGE_POLICY }),
  part("/dashboard.js", "text/javascript", SCRIPT),
  part("/dashboard.css", "text/css", STYLE),
  part("/dashboard.svg", "image/svg+xml", ICON),
];

function part(
  path: string,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): AdminRoute {
  const all = { ...headers, "content-type": `${type}; charset=utf-8` };
  return { method: "GET", path, isOpen: true, handle: () => new Response(body, { headers: all }) };
}
