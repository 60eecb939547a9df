/** The version of this program; `deno.json` says the same, which a test checks. */
export const VERSION = "0.1.0";
