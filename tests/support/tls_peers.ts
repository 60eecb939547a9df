import type { PairPaths } from "./certificates.ts";
import { freeAddress } from "./free_port.ts";
import { PeerProcess } from "./peer_processes.ts";
import { connectTo } from "./clients.ts";
import { TestServer } from "./servers.ts";

/** What an NGINX backend is to be. */
export interface NginxBackend {
  /** Words after its address, such as `ssl` or `proxy_protocol`. */
  readonly listen: string;
  /** What it answers, with variables. */
  readonly answer: string;
  readonly pair?: PairPaths;
  /** Further lines of its server. */
  readonly lines?: readonly string[];
}

/** NGINX as a backend with TLS or a PROXY header in front of its requests. */
export function startNginxBackend(nginx: string, options: NginxBackend): Promise<PeerProcess> {
  const { listen, answer, pair, lines = [] } = options;
  return PeerProcess.start(async (address, folder) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${folder.path}/${kind};`);
    const tls = pair === undefined ? [] : [
      "ssl_protocols TLSv1.2 TLSv1.3;",
      `ssl_certificate ${pair.cert};`,
      `ssl_certificate_key ${pair.key};`,
    ];
    const config = `daemon off; master_process off; pid ${folder.path}/nginx.pid;
error_log ${folder.path}/error.log;
events { worker_connections 256; }
http {
  access_log off; ${temporary.join(" ")}
  server {
    listen ${address} ${listen};
    ${[...tls, ...lines].join(" ")}
    location / { return 200 "${answer}"; }
  }
}
`;
    const path = await folder.write("nginx.conf", config);
    return { name: "nginx", argv: [nginx, "-p", folder.path, "-c", path] };
  });
}

/** HAProxy that wants a PROXY header and answers with what it makes of it: `answer`, in its words. */
export function startHaproxyBackend(haproxy: string, answer = ENDS): Promise<PeerProcess> {
  return PeerProcess.start(async (address, folder) => {
    const path = await folder.write(
      "haproxy.cfg",
      `defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend main
  bind ${address} accept-proxy
  http-request return status 200 content-type text/plain lf-string "${answer}"
`,
    );
    return { name: "haproxy", argv: [haproxy, "-db", "-f", path] };
  });
}

/** Client and server. */
const ENDS = "%[src]:%[src_port] %[dst]:%[dst_port]";

/** Stands before a server and carries bytes, until it cuts all its connections without a word. */
export class CuttingRelay implements AsyncDisposable {
  readonly #cut = Promise.withResolvers<void>();
  readonly #server: TestServer;

  constructor(target: string) {
    this.#server = new TestServer(async (conn) => {
      using server = await connectTo(target);
      await Promise.race([carry(conn, server), carry(server, conn), this.#cut.promise]);
    });
  }

  get address(): string {
    return this.#server.address;
  }

  /** Ends every connection by TCP alone. */
  cut(): void {
    this.#cut.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await this.#server[Symbol.asyncDispose]();
  }
}

async function carry(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      await to.write(buffer.subarray(0, n));
    }
  } catch {
    // Cut.
  }
}

/** A TLS server in this process that may change its certificate, at one address. */
export class TlsServer implements AsyncDisposable {
  readonly address = freeAddress();
  readonly #serve: (conn: Deno.Conn) => Promise<void>;
  #listener: Deno.TlsListener;
  #running: Promise<void>;
  readonly #open = new Map<Deno.Conn, Promise<void>>();

  constructor(pair: PairPaths, serve: (conn: Deno.Conn) => Promise<void>) {
    this.#serve = serve;
    this.#listener = this.#listen(pair);
    this.#running = this.#accept(this.#listener);
  }

  /** Goes on with another certificate; what is open is closed. */
  async restart(pair: PairPaths): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#listener = this.#listen(pair);
    this.#running = this.#accept(this.#listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#running;
    for (const conn of this.#open.keys()) conn[Symbol.dispose]();
    await Promise.all(this.#open.values());
  }

  #listen({ cert, key }: PairPaths): Deno.TlsListener {
    const [hostname = "", port] = this.address.split(":");
    const [certText, keyText] = [Deno.readTextFileSync(cert), Deno.readTextFileSync(key)];
    return Deno.listenTls({ hostname, port: Number(port), cert: certText, key: keyText });
  }

  async #accept(listener: Deno.TlsListener): Promise<void> {
    for await (const conn of listener) {
      this.#open.set(conn, this.#run(conn));
    }
  }

  async #run(conn: Deno.TlsConn): Promise<void> {
    try {
      await conn.handshake();
      await this.#serve(conn);
    } catch {
      // A handshake that failed, or a peer that went away.
    }
    this.#open.delete(conn);
    conn[Symbol.dispose]();
  }
}
