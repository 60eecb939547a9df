// deno-lint-ignore-file no-console
/** A process of its own that answers HTTP with a name, a moment after each request. */
const [hostname = "", port = "", name = ""] = Deno.args;

Deno.serve(
  { hostname, port: Number(port), onListen: () => console.error("listens") },
  async (request) => {
    await request.body?.pipeTo(new WritableStream());
    // So that some are under way at any time.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return new Response(name);
  },
);
