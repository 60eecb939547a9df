import { assertEquals, assertStringIncludes } from "@std/assert";
import { randomLoopback } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { type Finished, runToEnd } from "../support/process.ts";
import { ROOT } from "../support/weir.ts";

const BINARY = "#!/bin/sh\necho weir 1.2.3\n";
const FILE = "weir-x86_64-unknown-linux-gnu";
/** Of a Linux machine that releases are made for. */
const LINUX = { system: "Linux", machine: "x86_64" };

peerTest(
  "install.sh installs the latest release when its checksum is right",
  ["curl"],
  async () => {
    await using site = await Site.create({ SHA256SUMS: `${await sha256(BINARY)}  ${FILE}\n` });

    const { code, stdout, stderr } = await site.install(LINUX);

    assertEquals([code, stdout, stderr], [0, `Installed ${site.target}/weir\n`, ""]);
    const installed = await runToEnd({ name: "weir", argv: [`${site.target}/weir`] });
    assertEquals(installed.stdout, "weir 1.2.3\n");
    assertEquals(site.paths, ["/latest/download/SHA256SUMS", `/latest/download/${FILE}`]);
  },
);

peerTest("install.sh installs the version that is asked for, over another", ["curl"], async () => {
  await using site = await Site.create({ SHA256SUMS: `${await sha256(BINARY)}  ${FILE}\n` });
  await Deno.mkdir(site.target);
  await Deno.writeTextFile(`${site.target}/weir`, "old");

  const { code } = await site.install({ ...LINUX, env: { WEIR_VERSION: "v1.2.3" } });

  assertEquals(code, 0);
  assertEquals(await Deno.readTextFile(`${site.target}/weir`), BINARY);
  assertEquals([...Deno.readDirSync(site.target)].map(({ name }) => name), ["weir"]);
  assertEquals(site.paths[0], "/download/v1.2.3/SHA256SUMS");
});

const WRONG = "0".repeat(64);

for (
  const [what, sums, reason] of [
    ["a wrong checksum", `${WRONG}  ${FILE}\n`, `its checksum must be ${WRONG}: found`],
    ["no checksum for its file", `${WRONG}  ${FILE}.exe\n`, `SHA256SUMS must name ${FILE}`],
    ["no list of checksums", undefined, "cannot download"],
  ] as const
) {
  peerTest(`install.sh installs nothing with ${what}`, ["curl"], async () => {
    await using site = await Site.create(sums === undefined ? {} : { SHA256SUMS: sums });

    const { code, stderr } = await site.install(LINUX);

    assertEquals(code, 1);
    assertStringIncludes(stderr, reason);
    assertEquals([...Deno.readDirSync(site.target)], []);
  });
}

for (
  const [system, machine] of [["Linux", "riscv64"], ["FreeBSD", "x86_64"], [
    "SunOS",
    "i86pc",
  ]] as const
) {
  peerTest(
    `install.sh says that there is no binary for ${system} ${machine}`,
    ["curl"],
    async () => {
      await using site = await Site.create({});

      const { code, stderr } = await site.install({ system, machine });

      assertEquals(code, 1);
      assertStringIncludes(stderr, `on ${system} ${machine}: there is no binary for it`);
      assertEquals(site.paths, []);
    },
  );
}

peerTest("install.sh asks for no download where it may not write", ["curl"], async () => {
  await using site = await Site.create({});
  await Deno.mkdir(site.target, { mode: 0o555 });

  const { code, stderr } = await site.install({ ...LINUX, asNobody: true });

  assertEquals(code, 1);
  assertStringIncludes(stderr, `cannot write to ${site.target}: run as root, or set`);
  assertEquals(site.paths, []);
});

peerTest("install.sh asks where the releases are", ["curl"], async () => {
  await using site = await Site.create({});

  const { code, stderr } = await site.install({ ...LINUX, env: { WEIR_RELEASES: "" } });

  assertEquals(code, 1);
  assertStringIncludes(stderr, "WEIR_RELEASES must say where the releases are");
});

interface Install {
  readonly system: string;
  readonly machine: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly asNobody?: boolean;
}

/** A place on the web with one release, and a machine to install it on. */
class Site implements AsyncDisposable {
  /** What was asked for. */
  readonly paths: string[] = [];
  /** Where the binary is to go. */
  readonly target: string;
  readonly #folder: TempFolder;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(folder: TempFolder, files: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.target = `${folder.path}/bin`;
    this.#server = Deno.serve({ hostname: randomLoopback(), port: 0, onListen() {} }, (request) => {
      const { pathname } = new URL(request.url);
      this.paths.push(pathname);
      const file = files[pathname.split("/").at(-1)!];
      return file === undefined ? new Response("no", { status: 404 }) : new Response(file);
    });
  }

  static async create(files: Readonly<Record<string, string>>): Promise<Site> {
    const folder = await TempFolder.create();
    await Deno.chmod(folder.path, 0o755);
    return new Site(folder, { [FILE]: BINARY, ...files });
  }

  async install({ system, machine, env, asNobody = false }: Install): Promise<Finished> {
    const tools = `${this.#folder.path}/tools`;
    await Deno.mkdir(tools);
    const uname = `#!/bin/sh\n[ "$1" = -s ] && echo ${system} || echo ${machine}\n`;
    await Deno.writeTextFile(`${tools}/uname`, uname, { mode: 0o755 });
    const { hostname, port } = this.#server.addr;
    const id = asNobody && Deno.uid() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : [];
    return await runToEnd({
      name: "install.sh",
      argv: [...id, "sh", await this.#script()],
      env: {
        PATH: `${tools}:${Deno.env.get("PATH")}`,
        WEIR_RELEASES: `http://${hostname}:${port}`,
        WEIR_INSTALL_DIR: this.target,
        ...env,
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await this.#folder[Symbol.asyncDispose]();
  }

  /** Another user may not be able to look into the project. */
  async #script(): Promise<string> {
    const path = `${this.#folder.path}/install.sh`;
    await Deno.copyFile(`${ROOT}install.sh`, path);
    return path;
  }
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
