import type { NotChanged } from "../admin/change_result.ts";
import { editConfig, EditError, readForEdit } from "../config/edit.ts";
import { formatProblems, loadConfigText, systemEnvironment } from "../config/load.ts";
import { messageOf } from "../core/errors.ts";
import { type AdminClient, AdminError } from "./admin_client.ts";
import { EXIT } from "./exit_code.ts";
import type { PendingChanges } from "./reloader.ts";

/** What was saved, and where. */
export interface Saved {
  readonly file: string;
  readonly changes: number;
  /** What a file has no words for. */
  readonly unsaved: readonly string[];
}

/**
 * Writes what was changed at run time into the file of a running Weir on this machine, or into a copy
 * of it. It is written by whoever calls, and not by Weir.
 *
 * @throws {AdminError} saying why nothing was written
 */
export async function saveChanges(client: AdminClient, to: string | undefined): Promise<Saved> {
  const pending = await pendingOf(client);
  const { file, edits, unsaved } = pending;
  const environment = systemEnvironment();
  const { variable: variables, files } = environment;
  try {
    const text = await editConfig(
      { name: file, text: await readForEdit(file, files), variables },
      edits,
    );
    const loaded = await loadConfigText(file, text, environment);
    if (!loaded.ok) throw new EditError(formatProblems(loaded.problems).join("\n"));
    const target = to ?? file;
    if (to !== undefined || edits.length > 0) await replaceFile(target, text);
    return { file: target, changes: edits.length, unsaved };
  } catch (error) {
    throw new AdminError(`nothing is saved: ${messageOf(error)}`, EXIT.refused);
  }
}

/** What was saved, for people. */
export function savedText({ file, changes, unsaved }: Saved): string {
  const count = changes === 1 ? "1 change" : `${changes} changes`;
  return [
    changes === 0 ? `nothing to save in ${file}` : `saved ${count} to ${file}`,
    ...unsaved.map((what) => `not saved: ${what}, which a file has no words for`),
  ].join("\n");
}

async function pendingOf(client: AdminClient): Promise<PendingChanges> {
  const answer = await client.send({ method: "GET", path: "/api/v1/config?format=changes" });
  if (answer.status !== 409) return client.read(answer) as PendingChanges;
  const { problems } = JSON.parse(answer.text) as NotChanged;
  throw new AdminError(`nothing is saved: ${problems.join("\n")}`, EXIT.refused);
}

/** Whoever reads it meanwhile sees the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const known = await Deno.stat(path).catch(() => undefined);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const mode = known?.mode === null || known === undefined ? {} : { mode: known.mode & 0o777 };
  try {
    await Deno.writeTextFile(temporary, text, { createNew: true, ...mode });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
