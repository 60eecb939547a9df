import type * as Yaml from "yaml";
import type { FileSource } from "./files.ts";
import { isSame } from "../core/same.ts";
import { parseBackend } from "./parse_backend.ts";
import { escapeVariables, isRecord, substitute, type Variables } from "./substitute.ts";
import { addItem, removeItem, setField, type Splice } from "./yaml_splice.ts";

/** One change to the text of a configuration. */
export type ConfigEdit =
  | {
    readonly kind: "add";
    readonly upstream: string;
    /** As it stands in a file. */
    readonly backend: Readonly<Record<string, string | number | boolean>>;
  }
  | { readonly kind: "remove"; readonly upstream: string; readonly backend: string }
  | {
    readonly kind: "weight";
    readonly upstream: string;
    readonly backend: string;
    readonly weight: number;
  };

/** A text that cannot be changed as asked; the message says why. */
export class EditError extends Error {
  override readonly name = "EditError";
}

/** The text of one configuration file. */
export interface EditedFile {
  /** Stands in messages. */
  readonly name: string;
  readonly text: string;
  readonly variables: Variables;
}

/**
 * Changes the text of a configuration and leaves all the rest as it is, comments too.
 *
 * @param edits removals last: no list may be empty in between
 * @throws {EditError} when what is to be changed is not in this file, or in no form that can be
 */
export async function editConfig(file: EditedFile, edits: readonly ConfigEdit[]): Promise<string> {
  if (edits.length === 0) return file.text;
  // Not before: it is only loaded for this, and to tell positions.
  const yaml = await import("yaml");
  let { text } = file;
  for (const edit of edits) {
    text = new Editor(yaml, { ...file, text }).apply(edit);
  }
  return text;
}

/** Reads a file whole. @throws {EditError} */
export async function readForEdit(path: string, files: FileSource): Promise<string> {
  const read = await files.read(path);
  if (read.kind === "bytes") return new TextDecoder().decode(read.bytes);
  throw new EditError(`"${path}" cannot be read: ${read.kind.replace("_", " ")}`);
}

class Editor {
  readonly #yaml: typeof Yaml;
  readonly #document: Yaml.Document;
  readonly #file: EditedFile;

  constructor(yaml: typeof Yaml, file: EditedFile) {
    this.#yaml = yaml;
    this.#document = yaml.parseDocument(file.text, { logLevel: "silent" });
    this.#file = file;
  }

  /** The text with a change, which was read again and says what it is to say. */
  apply(edit: ConfigEdit): string {
    const { text, name } = this.#file;
    const { at, end, insert } = this.#splice(edit);
    const edited = text.slice(0, at) + insert + text.slice(end);
    const document = this.#yaml.parseDocument(edited, { logLevel: "silent" });
    if (document.errors.length === 0 && isSame(document.toJS(), this.#expected(edit))) {
      return edited;
    }
    throw new EditError(`"${name}" is written in a way that cannot be changed: do it by hand`);
  }

  #expected(edit: ConfigEdit): unknown {
    const document = this.#document.toJS() as {
      readonly upstreams: Record<string, { readonly backends: Record<string, unknown>[] }>;
    };
    const { backends } = document.upstreams[edit.upstream]!;
    if (edit.kind === "add") {
      backends.push(Object.fromEntries(escaped(edit.backend)));
      return document;
    }
    const at = this.#indexOf(this.#backendsOf(edit.upstream), edit.backend);
    if (edit.kind === "remove") backends.splice(at, 1);
    else backends[at] = { ...backends[at], weight: edit.weight };
    return document;
  }

  #splice(edit: ConfigEdit): Splice {
    const list = this.#backendsOf(edit.upstream);
    const place = { yaml: this.#yaml, text: this.#file.text, list };
    if (edit.kind === "add") return addItem(place, escaped(edit.backend));
    const at = this.#indexOf(list, edit.backend);
    const item = list.items[at];
    if (!this.#yaml.isMap(item)) {
      throw this.#error(`backend "${edit.backend}" of upstream "${edit.upstream}" is not written`);
    }
    if (edit.kind === "remove") return removeItem(place, at);
    return setField(place, item, ["weight", edit.weight]);
  }

  #backendsOf(upstream: string): Yaml.YAMLSeq {
    const { name } = this.#file;
    if (!this.#document.has("upstreams") && this.#document.has("backends")) {
      throw new EditError(
        `"${name}" is written in a short form: \`weir check --expand\` prints the full one`,
      );
    }
    if (this.#document.getIn(["upstreams", upstream], true) === undefined) {
      throw new EditError(
        `upstream "${upstream}" is not in "${name}" but in a file that it includes: change it there`,
      );
    }
    const list = this.#document.getIn(["upstreams", upstream, "backends"], true);
    if (this.#yaml.isSeq(list)) return list;
    throw this.#error(`the list of backends of upstream "${upstream}" is not written`);
  }

  #indexOf(list: Yaml.YAMLSeq, id: string): number {
    return list.items.findIndex((item) => this.#idOf(item) === id);
  }

  #idOf(item: unknown): string | undefined {
    if (!this.#yaml.isNode(item)) return undefined;
    const { name, text, variables } = this.#file;
    const { value } = substitute({ name, text }, item.toJS(this.#document), variables);
    const read = isRecord(value) ? parseBackend(value) : undefined;
    return read?.ok ? read.backend.spec.id : undefined;
  }

  #error(what: string): EditError {
    return new EditError(
      `${what} out in "${this.#file.name}", as with an anchor: change it by hand`,
    );
  }
}

function escaped(backend: Readonly<Record<string, string | number | boolean>>) {
  return Object.entries(backend).map(([key, value]) => {
    return [key, typeof value === "string" ? escapeVariables(value) : value] as const;
  });
}
