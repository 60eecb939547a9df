import { assertEquals, assertGreater, assertMatch, assertNotEquals } from "@std/assert";
import { ImageScene } from "../support/image_scene.ts";
import { namespaceTest } from "../support/namespaces.ts";

/** What is in the image, but for the version numbers of libraries. */
const FILES = [
  /^\/etc\/group$/,
  /^\/etc\/hosts$/,
  /^\/etc\/nsswitch\.conf$/,
  /^\/etc\/passwd$/,
  /^\/etc\/ssl\/certs\/ca-certificates\.crt$/,
  /^\/etc\/weir\/weir\.yaml$/,
  /^\/lib(?:64)?\/(?:[\w-]+\/)?(?:ld-linux|lib(?:c|m|dl|rt|pthread|gcc_s))[\w-]*\.so\.\d$/,
  /^\/dev\/(?:null|urandom)$/,
  /^\/licenses\/(?:LICENSE|THIRD_PARTY_LICENSES\.txt)$/,
  /^\/weir$/,
];

/** Thirty requests, each on a connection of its own; how many each backend answered. */
const THIRTY = `import collections, json, urllib.request
names = [urllib.request.urlopen("http://127.0.0.1:8080/").read().decode().strip() for _ in range(30)]
print(json.dumps(collections.Counter(names), sort_keys=True))`;

/** Sends half of a request, and the rest when nobody listens any more. */
const ACROSS_THE_DRAIN = `import socket, time
with socket.create_connection(("127.0.0.1", 8080)) as conn:
    conn.sendall(b"GET / HTTP/1.0\\r\\nHost: a\\r\\n")
    print("begun", flush=True)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", 8080)).close()
            time.sleep(0.02)
        except ConnectionRefusedError:
            break
    conn.sendall(b"\\r\\n")
    print(conn.makefile("rb").readline().decode().strip(), flush=True)`;

namespaceTest(
  "the scene of compose.yaml: 30 requests on port 8080 go 10, 10, 10 to three backends",
  async () => {
    await using scene = await ImageScene.start();

    const { stdout, stderr } = await scene.python(THIRTY).finished();
    await using client = scene.python(ACROSS_THE_DRAIN);
    await client.printed("stdout", /begun/);
    scene.weir.signal("SIGTERM");
    const drained = await client.finished();
    const end = await scene.weir.finished();

    assertEquals(stdout, '{"backend1": 10, "backend2": 10, "backend3": 10}\n', stderr);
    assertMatch(drained.stdout, /^HTTP\/1\.\d 200 OK$/m);
    assertEquals(end.code, 0, end.stderr);
  },
);

namespaceTest("the image holds the binary and what it needs, and nothing else", async () => {
  await using scene = await ImageScene.start();

  const files = await scene.files();

  assertGreater(files.length, FILES.length - 1);
  assertEquals(files.filter((file) => !FILES.some((pattern) => pattern.test(file))), []);
  const script = `import os; s = os.stat("/proc/${scene.weir.pid}"); print(s.st_uid, s.st_gid)`;
  assertEquals((await scene.python(script).finished()).stdout, "65532 65532\n");
});

namespaceTest(
  "the health check of the image passes, fails in the drain and when Weir is gone",
  async () => {
    await using scene = await ImageScene.start();

    const healthy = await scene.checkHealth();
    scene.weir.signal("SIGTERM");
    await scene.weir.printed("stderr", /Draining/);
    const draining = await scene.checkHealth();
    await scene.weir.finished();
    const gone = await scene.checkHealth();

    assertEquals(healthy.code, 0, healthy.stderr);
    assertEquals(draining.code, 1, draining.stderr);
    assertNotEquals(gone.code, 0);
  },
);
