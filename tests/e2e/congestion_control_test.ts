import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { TempFolder } from "../support/paths.ts";
import { type Finished, runToEnd } from "../support/process.ts";
import { Scenario } from "../support/scenario.ts";
import { TestServer } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const KEY = "net.ipv4.tcp_congestion_control";
/** Starts a program in a network namespace of its own, with a loopback interface. */
const OWN_NAMESPACE = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];

namespaceTest("Weir sets tcp.congestion_control for its network namespace alone", async () => {
  const onHost = await read([KEY]);
  const wanted = await otherAlgorithm();
  await using fixture = await Fixture.start(wanted);

  const talk = fixture.talk();
  // The socket that Weir accepted is of the algorithm, as its listener was.
  await eventually("the connection on Weir's side", async () => {
    assertMatch(await fixture.accepted(), new RegExp(`^\\s+${wanted} `, "m"));
  });
  fixture.answer();

  assertEquals((await talk).stdout, "here");
  assertEquals((await fixture.inside(["sysctl", "-n", KEY])).stdout.trim(), wanted);
  assertEquals(await read([KEY]), onHost);
  await fixture.scenario.waitForLog(
    new RegExp(`TCP congestion control is as configured.*${wanted}`),
  );
});

namespaceTest("Weir warns of an algorithm that the kernel does not know, and works", async () => {
  await using fixture = await Fixture.start("no_such");
  fixture.answer();

  const warning = await fixture.scenario.waitForLog(/Cannot set TCP congestion control.*/);

  for (const part of ["tcp.congestion_control", "No such file or directory", "reno"]) {
    assertMatch(warning[0], new RegExp(part));
  }
  assertEquals((await fixture.talk()).stdout, "here");
});

namespaceTest(
  "Weir warns when the runtime does not let it set the algorithm, and works",
  async () => {
    const permissions = ["net", "read", "write", "env"].map((name) => `--allow-${name}`);
    await using fixture = await Fixture.start("reno", ["--no-prompt", ...permissions]);
    fixture.answer();

    await fixture.scenario.waitForLog(
      /Cannot set TCP congestion control.*start with --allow-run=\/usr\/sbin\/sysctl/,
    );
    assertEquals((await fixture.talk()).stdout, "here");
  },
);

/** Weir in a namespace of its own, whose backend outside it answers when it is told to. */
class Fixture implements AsyncDisposable {
  readonly scenario: Scenario;
  readonly answer: () => void;
  readonly #stack: AsyncDisposableStack;

  private constructor(scenario: Scenario, answer: () => void, stack: AsyncDisposableStack) {
    this.scenario = scenario;
    this.answer = answer;
    this.#stack = stack;
  }

  static async start(algorithm: string, denoFlags?: readonly string[]): Promise<Fixture> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TempFolder.create());
    const told = Promise.withResolvers<void>();
    const server = stack.use(
      new TestServer(async (conn, disposed) => {
        await Promise.race([told.promise, disposed]);
        await conn.write(new TextEncoder().encode("here"));
      }, { path: `${folder.path}/backend.sock` }),
    );
    const scenario = stack.use(
      await Scenario.start({
        backends: [server.address],
        top: { workers: 1, tcp: { congestion_control: algorithm } },
        upstream: { health_check: { type: "none" } },
        launch: { prefix: OWN_NAMESPACE, ...(denoFlags && { denoFlags }) },
      }),
    );
    return new Fixture(scenario, told.resolve, stack.move());
  }

  /** Runs a program in Weir's namespace. */
  inside(argv: readonly string[]): Promise<Finished> {
    const { pid } = this.scenario.weir;
    return runToEnd({
      name: argv[0] ?? "",
      argv: ["nsenter", `--target=${pid}`, "--net", ...argv],
    });
  }

  /** What the kernel says of the connections that Weir has accepted. */
  async accepted(): Promise<string> {
    const ours = `sport = :${this.scenario.address.split(":")[1]}`;
    return (await this.inside(["ss", "-Htin", "state", "established", ours])).stdout;
  }

  /** Connects to Weir and reads to the end. */
  talk(): Promise<Finished> {
    const [host, port] = this.scenario.address.split(":");
    return this.inside(["bash", "-c", `exec 3<>/dev/tcp/${host}/${port}; cat <&3`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** An algorithm that a new namespace may be set to and does not have. */
async function otherAlgorithm(): Promise<string> {
  const [current, allowed = ""] = await read([KEY, "net.ipv4.tcp_allowed_congestion_control"]);
  const other = allowed.split(" ").find((name) => name !== current);
  assertNotEquals(other, undefined, "the kernel knows one algorithm only");
  return other ?? "";
}

async function read(keys: readonly string[]): Promise<string[]> {
  const { stdout } = await runToEnd({ name: "sysctl", argv: ["sysctl", "-n", ...keys] });
  return stdout.trim().split("\n");
}

/** Only root may make a namespace, and there nobody else's connections are touched. */
function namespaceTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !canMakeNamespace(), fn });
}

function canMakeNamespace(): boolean {
  const check = [...OWN_NAMESPACE.slice(1), "sh", "-c", `ss -V && sysctl -w ${KEY}=reno`];
  try {
    const command = new Deno.Command(OWN_NAMESPACE[0]!, { args: check, stdin: "null" });
    return command.outputSync().success;
  } catch {
    // There is no such program.
    return false;
  }
}
