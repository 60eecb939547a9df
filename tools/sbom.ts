/**
 * Writes what a binary is made of, and under which licences: `deno task sbom`.
 *
 * The list is in the form of CycloneDX 1.5, without anything that changes from run to run.
 */
import { VERSION } from "../lib/core/version.ts";

const ROOT = new URL("../", import.meta.url);
/** What is embedded, as modules or built into the page of the dashboard. */
const ENTRIES = [
  { entry: "main.ts", flags: [] },
  { entry: "lib/runtime/worker.ts", flags: [] },
  { entry: "dashboard/main.ts", flags: ["--config", "dashboard/check.json"] },
] as const;
const LOCKS = ["deno.lock", "dashboard/deno.lock"] as const;

/** One package that is embedded. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** As its package.json names it, in the words of SPDX. */
  readonly license: string;
  /** SHA-512 of its archive, from deno.lock, in hexadecimal. */
  readonly sha512: string;
  /** Text of its licence. */
  readonly text: string;
}

/** The version of the runtime that is embedded too. */
export interface Runtime {
  readonly version: string;
}

/** The packages that the program loads, with what these load, by name. */
export async function embeddedPackages(): Promise<Package[]> {
  const lock = await readLocks();
  const folders = new Map<string, string>();
  const ids = new Set<string>();
  for (const { entry, flags } of ENTRIES) {
    const { modules, npmPackages } = await denoInfo(entry, flags);
    for (const { npmPackage } of modules) if (npmPackage !== undefined) ids.add(npmPackage);
    for (const [id, { localPath }] of Object.entries(npmPackages)) folders.set(id, localPath);
  }
  // A set hands out what is added while it is walked.
  for (const id of ids) {
    for (const name of lock.npm[id]?.dependencies ?? []) ids.add(lockedId(name, lock));
  }
  return await Promise.all([...ids].sort().map((id) => describe(id, { lock, folders })));
}

/** The software bill of materials. */
export function sbomText(packages: readonly Package[], runtime: Runtime): string {
  const self = { type: "application", "bom-ref": "weir", name: "weir", version: VERSION };
  const components = [
    {
      type: "platform",
      "bom-ref": `deno@${runtime.version}`,
      name: "deno",
      version: runtime.version,
      licenses: [{ license: { id: "MIT" } }],
      purl: `pkg:github/denoland/deno@v${runtime.version}`,
    },
    ...packages.map(({ name, version, license, sha512 }) => ({
      type: "library",
      "bom-ref": `${name}@${version}`,
      name,
      version,
      hashes: [{ alg: "SHA-512", content: sha512 }],
      licenses: [{ license: { id: license } }],
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    })),
  ];
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { ...self, licenses: [{ license: { id: "MIT" } }] } },
    components,
    dependencies: [{ ref: "weir", dependsOn: components.map((part) => part["bom-ref"]) }],
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}

/** The licences of all that is embedded, as they have to go with every copy. */
export function licensesText(packages: readonly Package[], runtime: Runtime): string {
  const line = "=".repeat(80);
  const parts = packages.map(({ name, version, license, text }) => {
    return `${line}\n${name} ${version} (${license})\n${line}\n\n${text.trim()}\n`;
  });
  const deno = `${line}\nDeno ${runtime.version} (MIT)\n${line}\n\n` +
    `${mitText("Copyright 2018-2026 the Deno authors")}\n\n` +
    "Deno itself holds V8 and other works; its repository lists them with their licences.\n";
  return `A binary of Weir holds these works of others.\n\n${[...parts, deno].join("\n")}`;
}

interface Lock {
  readonly npm: Readonly<
    Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>
  >;
}

interface Info {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, { readonly localPath: string }>>;
}

async function readLocks(): Promise<Lock> {
  const texts = await Promise.all(LOCKS.map((path) => Deno.readTextFile(new URL(path, ROOT))));
  const locks = texts.map((text) => JSON.parse(text) as Lock);
  return { npm: Object.assign({}, ...locks.map(({ npm }) => npm)) };
}

async function denoInfo(entry: string, flags: readonly string[]): Promise<Info> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...flags, entry],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot list what is loaded: ${decoder.decode(stderr)}`);
  return JSON.parse(decoder.decode(stdout));
}

/** A dependency is written with its version only where there are several. */
function lockedId(name: string, lock: Lock): string {
  const id = Object.keys(lock.npm).find((id) => id === name || id.startsWith(`${name}@`));
  if (id === undefined) throw new Error(`Cannot find package "${name}": deno.lock must name it`);
  return id;
}

async function describe(
  id: string,
  { lock, folders }: { readonly lock: Lock; readonly folders: ReadonlyMap<string, string> },
): Promise<Package> {
  const at = id.lastIndexOf("@");
  const [name, version] = [id.slice(0, at), id.slice(at + 1)];
  const integrity = /^sha512-(.+)$/.exec(lock.npm[id]?.integrity ?? "")?.[1];
  if (integrity === undefined) throw new Error(`Cannot find the checksum of "${id}" in deno.lock`);
  const folder = folders.get(id);
  if (folder === undefined) throw new Error(`Cannot find the files of "${id}"`);
  const { license } = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  const sha512 = Uint8Array.fromBase64(integrity).toHex();
  return { name, version, license, sha512, text: await licenseText(folder, id) };
}

async function licenseText(folder: string, id: string): Promise<string> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && /^licen[cs]e(?:\.\w+)?$/i.test(name)) {
      return await Deno.readTextFile(`${folder}/${name}`);
    }
  }
  // It came without its text: its files begin with whose they are, and that it is MIT.
  if (id.startsWith("deno-std@")) {
    const text = await Deno.readTextFile(`${folder}/yaml/mod.js`);
    const notices = [
      ...text.matchAll(/^\/\/ (Copyright .*?)\.(?: All rights reserved\.)? MIT license/gm),
    ];
    if (notices.length > 0) return mitText(notices.map(([, notice]) => notice).join("\n"));
  }
  throw new Error(`Cannot find the licence of "${id}": its folder must hold one`);
}

function mitText(notice: string): string {
  return `MIT License

${notice}

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}

/** Where the texts are, from the project's root. */
export const SBOM_PATH = "deploy/sbom.cdx.json";
export const LICENSES_PATH = "deploy/THIRD_PARTY_LICENSES.txt";

if (import.meta.main) {
  const packages = await embeddedPackages();
  const runtime = { version: Deno.version.deno };
  await Deno.writeTextFile(new URL(SBOM_PATH, ROOT), sbomText(packages, runtime));
  await Deno.writeTextFile(new URL(LICENSES_PATH, ROOT), licensesText(packages, runtime));
}
