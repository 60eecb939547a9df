import { parse } from "@std/yaml";
import { bundle } from "../../tools/bundle.ts";
import { PERMISSIONS } from "../../tools/compile.ts";
import { V8_FLAGS } from "../../tools/v8_flags.ts";
import { PrivateNetwork } from "./namespaces.ts";
import { TempFolder } from "./paths.ts";
import { type ChildProcess, type Finished, runToEnd } from "./process.ts";
import { eventually } from "./wait.ts";
import { ROOT } from "./weir.ts";

/** The part of compose.yaml that is played. */
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}
interface Service {
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

/** Words of deploy/Dockerfile that say what a container runs. */
interface Image {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly user: string;
}

/** The service whose image this project builds. */
const BALANCER = "weir";
/** The plain runtime stands in for the binary, and runs the very files that would be in it. */
const STAND_IN = ["run", V8_FLAGS, ...PERMISSIONS, "/app/main.js"];
/** Enters the image as a container runtime does: its /proc and /tmp, and all else read-only. */
const ENTER = `set -e
mount --bind "$0" "$0"
mount -t proc -o subset=pid proc "$0/proc"
mount --bind /dev/null "$0/dev/null"
mount --bind /dev/urandom "$0/dev/urandom"
mount -t tmpfs tmpfs "$0/tmp"
mount -o remount,bind,ro "$0"
exec env -i DENO_DIR=/tmp HOME=/ "$(command -v chroot)" --userspec="$1" "$0" "$2" "\${@:3}"`;

/** What `docker compose up` would start, without Docker: image, backends and network by its files. */
export class ImageScene implements AsyncDisposable {
  readonly network: PrivateNetwork;
  readonly weir: ChildProcess;
  readonly #folder: TempFolder;
  readonly #image: Image;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: { network: PrivateNetwork; weir: ChildProcess; folder: TempFolder; image: Image },
    stack: AsyncDisposableStack,
  ) {
    this.network = parts.network;
    this.weir = parts.weir;
    this.#folder = parts.folder;
    this.#image = parts.image;
    this.#stack = stack;
  }

  /** Lays the image out, starts the backends and then the balancer, and waits until it is ready. */
  static async start(): Promise<ImageScene> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TempFolder.create());
    const { services } = parse(await Deno.readTextFile(`${ROOT}compose.yaml`)) as Compose;
    const image = readImage(await Deno.readTextFile(`${ROOT}deploy/Dockerfile`));
    await layOut(folder, services);
    const network = stack.use(await PrivateNetwork.create());
    for (const [name, { command = [] }] of Object.entries(services)) {
      if (name === BALANCER) continue;
      // A container has a /tmp of its own.
      const script = 'mount -t tmpfs tmpfs /tmp && cd /tmp && exec "$@"';
      stack.use(network.spawn(name, ["sh", "-c", script, "sh", ...command]));
    }
    for (const [name, { command = [] }] of Object.entries(services)) {
      if (name !== BALANCER) await answers(network, portIn(command));
    }
    const weir = stack.use(network.spawn(BALANCER, enter(folder, image, image.command)));
    await weir.printed("stdout", / is ready/);
    return new ImageScene({ network, weir, folder, image }, stack.move());
  }

  /** The files of the image, by their paths in it. */
  async files(): Promise<string[]> {
    const argv = ["find", ".", "-type", "f", "-not", "-path", "./app/*", "-printf", "/%P\n"];
    const cwd = `${this.#folder.path}/root`;
    const { stdout } = await runToEnd({ name: "find", argv, cwd });
    return stdout.trim().split("\n").sort();
  }

  /** Runs the health check of the image once. */
  async checkHealth(): Promise<Finished> {
    const { healthCheck: [program, ...args] } = this.#image;
    if (program !== this.#image.entrypoint[0]) {
      throw new Error(`Cannot run the health check: must be the image's own program: ${program}`);
    }
    return await this.network.run("health check", enter(this.#folder, this.#image, args));
  }

  /** Runs a Python program in the network. */
  python(script: string): ChildProcess {
    return this.network.spawn("python3", ["python3", "-c", script]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

function enter(folder: TempFolder, { user, entrypoint }: Image, args: readonly string[]): string[] {
  const root = `${folder.path}/root`;
  return ["bash", "-c", ENTER, root, user, ...entrypoint, ...STAND_IN, ...args];
}

async function layOut(folder: TempFolder, services: Compose["services"]): Promise<void> {
  const root = `${folder.path}/root`;
  const argv = [`${ROOT}deploy/image-root.sh`, Deno.execPath(), root];
  const { code, stderr } = await runToEnd({ name: "image-root.sh", argv });
  if (code !== 0) throw new Error(`Cannot lay the image out: ${stderr}`);
  await bundle(`${root}/app`);
  // What a container runtime adds: mount points, and the names of the other services.
  for (const name of ["proc", "dev"]) await Deno.mkdir(`${root}/${name}`);
  for (const name of ["null", "urandom"]) await Deno.writeTextFile(`${root}/dev/${name}`, "");
  const hosts = Object.keys(services).map((name) => `127.0.0.1 ${name}\n`);
  await Deno.writeTextFile(`${root}/etc/hosts`, `127.0.0.1 localhost\n${hosts.join("")}`);
  for (const volume of services[BALANCER]?.volumes ?? []) {
    const [from = "", to = ""] = volume.split(":");
    await Deno.copyFile(`${ROOT}${from}`, `${root}${to}`);
  }
  // Made for its owner alone, as temporary folders are; the user of the image has to get in.
  await Deno.chmod(folder.path, 0o755);
}

/** Reads what follows the last FROM. @throws {Error} when a line is missing */
function readImage(dockerfile: string): Image {
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM ")).replaceAll("\\\n", " ");
  const words = (pattern: RegExp) => {
    const match = pattern.exec(last);
    if (match === null) throw new Error(`Cannot find ${pattern} in the Dockerfile`);
    return match[1]!;
  };
  const list = (pattern: RegExp) => JSON.parse(words(pattern)) as string[];
  return {
    entrypoint: list(/^ENTRYPOINT (\[.*\])$/m),
    command: list(/^CMD (\[.*\])$/m),
    healthCheck: list(/^HEALTHCHECK .*CMD (\[.*\])$/m),
    user: words(/^USER (\S+)$/m),
  };
}

function portIn(command: readonly string[]): number {
  return Number(/http\.server (\d+)/.exec(command.join(" "))?.[1]);
}

async function answers(network: PrivateNetwork, port: number): Promise<void> {
  const script = `import socket; socket.create_connection(("127.0.0.1", ${port})).close()`;
  await eventually(`a backend on port ${port}`, async () => {
    const { code, stderr } = await network.run("python3", ["python3", "-c", script]);
    if (code !== 0) throw new Error(stderr);
  });
}
