import { nearest } from "../core/suggest.ts";
import { UsageError } from "./flags.ts";

/** An upstream as far as its backends' names go. */
export interface NamedUpstream {
  readonly name: string;
  readonly backends: readonly { readonly id: string }[];
}

/** A backend by its full name. */
export interface BackendPlace {
  readonly upstream: string;
  readonly backend: string;
}

/**
 * The backend that `text` names: `upstream/backend`, or its own name where no other has the same.
 *
 * @throws {UsageError} naming the candidates, or what was probably meant
 */
export function findBackend(upstreams: readonly NamedUpstream[], text: string): BackendPlace {
  const all = upstreams.flatMap(({ name, backends }) => {
    return backends.map(({ id }): BackendPlace => ({ upstream: name, backend: id }));
  });
  const [full] = all.filter((place) => nameOf(place) === text);
  if (full !== undefined) return full;
  const [own, ...others] = all.filter(({ backend }) => backend === text);
  if (own === undefined) throw new UsageError(explainUnknown(text, all));
  if (others.length === 0) return own;
  const names = [own, ...others].map(nameOf).join(", ");
  throw new UsageError(`backend "${text}" is in several upstreams: name one of ${names}`);
}

function nameOf({ upstream, backend }: BackendPlace): string {
  return `${upstream}/${backend}`;
}

function explainUnknown(text: string, all: readonly BackendPlace[]): string {
  const names = text.includes("/") ? all.map(nameOf) : all.map(({ backend }) => backend);
  const meant = nearest(text, names);
  if (meant !== undefined) return `there is no backend "${text}": did you mean "${meant}"?`;
  const known = all.length <= MAX_LISTED ? `: there are ${all.map(nameOf).join(", ")}` : "";
  return `there is no backend "${text}"${known}`;
}

/** More would only push the message off the screen. */
const MAX_LISTED = 20;
