/**
 * Engine flags that Weir is started and compiled with; the task `start` in deno.json says the same,
 * which a test checks. A young generation of 8 MiB in place of 16 halves what a thread that has seen
 * many connections keeps, for no measurable CPU time. The collector is called once, at the end of the
 * start, for what loading left behind.
 */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=8,--expose-gc";
