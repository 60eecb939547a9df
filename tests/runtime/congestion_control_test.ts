import { assertEquals } from "@std/assert";
import { setCongestionControl } from "../../lib/runtime/congestion_control.ts";
import type { KernelSettings } from "../../lib/runtime/sysctl.ts";
import { MemoryLog } from "../support/memory_log.ts";

const CURRENT = "net.ipv4.tcp_congestion_control";
const REMEDY = `as root run sysctl -w ${CURRENT}=bbr before Weir starts; ` +
  `for systemd ExecStartPre=+/usr/sbin/sysctl -w ${CURRENT}=bbr`;

/** A kernel that has cubic in use, and knows reno beside it. */
class FakeKernel implements KernelSettings {
  readonly writes: string[] = [];
  readonly settings = new Map([
    [CURRENT, "cubic"],
    ["net.ipv4.tcp_available_congestion_control", "reno cubic"],
  ]);
  /** Why nothing can be set. */
  refusal: string | undefined;

  read(key: string): Promise<string> {
    return Promise.resolve(this.settings.get(key) ?? "");
  }

  write(key: string, value: string): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    this.writes.push(`${key}=${value}`);
    this.settings.set(key, value);
    return Promise.resolve();
  }
}

Deno.test("setCongestionControl() sets another algorithm and tells before and after", async () => {
  const [kernel, log] = [new FakeKernel(), new MemoryLog()];

  await setCongestionControl("reno", { kernel, log });

  assertEquals(kernel.writes, [`${CURRENT}=reno`]);
  assertEquals(log.records, [{
    level: "info",
    message: "TCP congestion control is as configured",
    fields: { before: "cubic", after: "reno" },
  }]);
});

Deno.test("setCongestionControl() leaves what is as wanted", async () => {
  const [kernel, log] = [new FakeKernel(), new MemoryLog()];
  kernel.refusal = "not root";

  await setCongestionControl("cubic", { kernel, log });

  assertEquals(log.records.map(({ level, fields }) => [level, fields]), [
    ["info", { before: "cubic", after: "cubic" }],
  ]);
});

Deno.test("setCongestionControl() warns with the reason and the remedy", async () => {
  const [kernel, log] = [new FakeKernel(), new MemoryLog()];
  kernel.refusal = "permission denied";
  kernel.settings.set("net.ipv4.tcp_available_congestion_control", "reno cubic bbr");

  await setCongestionControl("bbr", { kernel, log });

  assertEquals(log.records, [{
    level: "warning",
    message: "Cannot set TCP congestion control: connections have the system's",
    fields: {
      setting: "tcp.congestion_control",
      wanted: "bbr",
      current: "cubic",
      available: "reno cubic bbr",
      reason: "permission denied",
      remedy: REMEDY,
    },
  }]);
});

Deno.test("setCongestionControl() names the module of an algorithm that is not available", async () => {
  const [kernel, log] = [new FakeKernel(), new MemoryLog()];
  kernel.refusal = "No such file or directory";

  await setCongestionControl("bbr", { kernel, log });

  assertEquals(
    log.records[0]?.fields["remedy"],
    `load its module (modprobe tcp_bbr), and ${REMEDY}`,
  );
});

Deno.test("setCongestionControl() believes only what it reads back", async () => {
  const [kernel, log] = [new FakeKernel(), new MemoryLog()];
  kernel.write = () => Promise.resolve();

  await setCongestionControl("reno", { kernel, log });

  const { level, fields } = log.records[0]!;
  assertEquals([level, fields["current"], fields["reason"]], [
    "warning",
    "cubic",
    "it was set, and is another one all the same",
  ]);
});

Deno.test("setCongestionControl() warns where nothing can be read", async () => {
  const log = new MemoryLog();
  const refuse = () => Promise.reject(new Error("there is no sysctl"));

  await setCongestionControl("reno", { kernel: { read: refuse, write: refuse }, log });

  const { level, fields } = log.records[0]!;
  assertEquals([level, fields["current"], fields["reason"]], [
    "warning",
    undefined,
    "there is no sysctl",
  ]);
});
