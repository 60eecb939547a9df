import { get, type HttpBench, ok, type Talker } from "../support/memory_http.ts";

/** A request whose body is not all there. */
export const PUT_BEGUN = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234";

/** How far an exchange has come. */
export interface Phase {
  readonly name: string;
  readonly client?: { readonly capacityBytes: number };
  run(b: HttpBench, client: Talker): Promise<Talker | undefined>;
}

/** What can be under way when something goes wrong. */
export const PHASES: readonly Phase[] = [
  {
    name: "connect",
    run: async (_, client) => {
      await client.say(get());
      return undefined;
    },
  },
  {
    name: "request body",
    run: async (b, client) => {
      await client.say(PUT_BEGUN);
      return await b.take();
    },
  },
  {
    name: "large request body that nobody takes",
    run: async (b, client) => {
      await client.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
      void client.say("x".repeat(300_000)).catch(() => {});
      return await b.take();
    },
  },
  {
    name: "answer",
    run: async (b, client) => {
      await client.say(get());
      return await b.take();
    },
  },
  {
    name: "head of the answer",
    run: async (b, client) => {
      await client.say(get());
      const server = await b.take();
      await server.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA:");
      return server;
    },
  },
  {
    name: "body of the answer",
    run: async (b, client) => {
      await client.say(get());
      const server = await b.take();
      await server.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
      return server;
    },
  },
  {
    name: "body that the client does not take",
    client: { capacityBytes: 500 },
    run: async (b, client) => {
      await client.say(get());
      const server = await b.take();
      await server.say(`HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n${"x".repeat(60_000)}`);
      return server;
    },
  },
  {
    name: "answer before the end of the request",
    run: async (b, client) => {
      await client.say(PUT_BEGUN);
      const server = await b.take();
      await server.say(ok("early"));
      return server;
    },
  },
  {
    name: "body of an answer before the end of the request",
    run: async (b, client) => {
      await client.say(PUT_BEGUN);
      const server = await b.take();
      await server.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nearl");
      return server;
    },
  },
  {
    name: "answer and request of a client that neither takes nor sends",
    client: { capacityBytes: 500 },
    run: async (b, client) => {
      await client.say(PUT_BEGUN);
      const server = await b.take();
      await server.say(
        `HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n${"x".repeat(60_000)}`,
      );
      // The wait for the rest of the body is what began last.
      await client.say("5");
      return server;
    },
  },
  {
    name: "1xx that the client does not take",
    client: { capacityBytes: 100 },
    run: async (b, client) => {
      await client.say(get());
      const server = await b.take();
      await server.say(`HTTP/1.1 103 Early\r\nLink: ${"x".repeat(1000)}\r\n\r\n`);
      return server;
    },
  },
  {
    name: "body that is sent again and that nobody takes",
    run: async (b, client) => {
      await client.say(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n`);
      const server = await b.take(0);
      const sending = client.say("x".repeat(65_536));
      while (!(await server.hear()).endsWith("xx"));
      await sending;
      await server.hear();
      await server.reset();
      await b.paced.pass(100);
      return b.acceptors.length > 1 ? await b.take(1) : undefined;
    },
  },
  {
    name: "pause",
    run: async (b, client) => {
      await client.say(get());
      await (await b.take()).reset();
      return undefined;
    },
  },
  {
    name: "second attempt",
    run: async (b, client) => {
      await client.say(PUT_BEGUN);
      await (await b.take(0)).say("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
      await b.paced.pass(300);
      return b.acceptors.length > 1 ? await b.take(1) : undefined;
    },
  },
  {
    name: "upgrade",
    run: async (b, client) => {
      await client.say(get("/", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
      return await b.take();
    },
  },
  {
    name: "tunnel",
    run: async (b, client) => {
      await client.say(get("/", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
      const server = await b.take();
      await server.say(
        "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello",
      );
      return server;
    },
  },
];
