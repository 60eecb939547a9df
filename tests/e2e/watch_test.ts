import { assertEquals, assertMatch } from "@std/assert";
import { stringify } from "@std/yaml";
import { freeAddress } from "../support/free_port.ts";
import { NamedBackends } from "../support/named_backends.ts";
import { TempFolder } from "../support/paths.ts";
import type { Status } from "../../lib/runtime/status.ts";
import { DEADLINE_MS, eventually } from "../support/wait.ts";
import { runWeir, startWeir } from "../support/weir.ts";

/** A configuration of one upstream whose backend has this name, watched. */
class Watched implements AsyncDisposable {
  readonly listen = freeAddress();
  readonly admin = freeAddress();
  readonly folder: TempFolder;
  readonly #farm = new NamedBackends(["b"]);
  readonly #stack = new AsyncDisposableStack();

  private constructor(folder: TempFolder) {
    this.folder = folder;
    this.#stack.use(folder);
    this.#stack.use(this.#farm);
  }

  static async create(): Promise<Watched> {
    return new Watched(await TempFolder.create());
  }

  text(name: string, more: object = {}): string {
    return stringify({
      watch: true,
      workers: 1,
      admin: { address: this.admin },
      ...more,
      listeners: [{ address: this.listen, protocol: "http", upstream: "app" }],
      upstreams: {
        app: {
          health_check: { type: "none" },
          backends: [{ name, address: this.#farm.addresses[0] }],
        },
      },
    });
  }

  async start(path: string, ...args: string[]): Promise<void> {
    const weir = this.#stack.use(await startWeir({ args: ["--config", path, ...args] }));
    await weir.printed("stdout", / is ready/);
  }

  async status(): Promise<Status> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await fetch(`http://${this.admin}/api/v1/status`, { signal });
    return await response.json() as Status;
  }

  /** Waits until the configuration with a backend of this name is in force. */
  async until(name: string): Promise<void> {
    await eventually(`backend ${name}`, async () => {
      assertEquals((await this.status()).upstreams[0]?.backends[0]?.id, name);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

Deno.test("watch: a file that is written anew or renamed over is read again", async () => {
  await using w = await Watched.create();
  const path = await w.folder.write("weir.yaml", w.text("one"));
  await w.start(path);

  await w.until("one");
  await Deno.writeTextFile(path, w.text("two"));
  await w.until("two");
  for (const name of ["three", "four"]) {
    await Deno.rename(await w.folder.write(".weir.yaml.tmp", w.text(name)), path);
    await w.until(name);
  }
});

Deno.test("watch: a ConfigMap is read again when its ..data is swapped", async () => {
  await using w = await Watched.create();
  const { path } = w.folder;
  for (const [at, name] of ["one", "two", "three"].entries()) {
    await Deno.mkdir(`${path}/..${at}`);
    await Deno.writeTextFile(`${path}/..${at}/weir.yaml`, w.text(name, { watch: false }));
  }
  await Deno.symlink("..0", `${path}/..data`);
  await Deno.symlink("..data/weir.yaml", `${path}/weir.yaml`);
  await w.start(`${path}/weir.yaml`, "--watch");

  await w.until("one");
  for (const [at, name] of ["two", "three"].entries()) {
    await Deno.symlink(`..${at + 1}`, `${path}/..data_tmp`);
    await Deno.rename(`${path}/..data_tmp`, `${path}/..data`);
    await w.until(name);
    await Deno.remove(`${path}/..${at}`, { recursive: true });
  }
});

Deno.test("watch: a file that is wrong is refused once, and watched on", async () => {
  await using w = await Watched.create();
  const path = await w.folder.write("weir.yaml", w.text("one"));
  await w.start(path);

  await Deno.writeTextFile(path, w.text("one", { workers: -1 }));
  const { problems = [] } = await eventually("the refusal", async () => {
    const { reloads } = await w.status();
    assertEquals(reloads?.refused, 1);
    return reloads!;
  });
  // Another file of the folder: what is wrong is known already.
  await w.folder.write("notes", "");
  await Deno.writeTextFile(path, w.text("two"));
  await w.until("two");

  assertMatch(problems.join(), /weir\.yaml:\d+:\d+: workers: must/);
  assertEquals((await w.status()).reloads?.refused, 1);
});

Deno.test("watch: files that are included are watched, also one that is new", async () => {
  await using w = await Watched.create();
  const parts = `${w.folder.path}/parts`;
  await Deno.mkdir(parts);
  const path = await w.folder.write("weir.yaml", w.text("one", { include: ["parts/*.yaml"] }));
  await w.start(path);
  const upstreams = async () => (await w.status()).upstreams.map(({ name }) => name);
  const part = (name: string) =>
    stringify({ upstreams: { [name]: { backends: [{ address: "127.0.0.1:1" }] } } });

  await Deno.writeTextFile(`${parts}/more.yaml`, part("second"));
  await eventually("the new file", async () => assertEquals(await upstreams(), ["app", "second"]));
  await Deno.writeTextFile(`${parts}/more.yaml`, part("third"));
  await eventually("the other text", async () => assertEquals(await upstreams(), ["app", "third"]));
  await Deno.remove(`${parts}/more.yaml`);
  await eventually("its end", async () => assertEquals(await upstreams(), ["app"]));
});

Deno.test("watch: a reload turns it on", async () => {
  await using w = await Watched.create();
  const path = await w.folder.write("weir.yaml", w.text("one", { watch: false }));
  await w.start(path);

  await Deno.writeTextFile(path, w.text("two"));
  const { code } = await runWeir({ args: ["ctl", "--admin", w.admin, "reload"] });
  await w.until("two");
  await Deno.writeTextFile(path, w.text("three"));
  await w.until("three");

  assertEquals(code, 0);
});
