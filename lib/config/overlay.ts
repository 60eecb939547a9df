import { formatAddress } from "../core/address.ts";
import { isSame } from "../core/same.ts";
import type { BackendSpec } from "../core/types.ts";
import type { Config, UpstreamConfig } from "./types.ts";

/** A backend of an upstream. */
export interface BackendOf {
  readonly upstream: string;
  readonly spec: BackendSpec;
}

/** What operators added and removed while the process runs, beside the file. */
export interface Overlay {
  /** Stay until they are removed, or the file names them: by their name or their address. */
  readonly added: readonly BackendOf[];
  /** As the file has them; stay removed until it has them otherwise. */
  readonly removed: readonly BackendOf[];
}

/** Nothing was changed. */
export const NO_OVERLAY: Overlay = { added: [], removed: [] };

/** A change that cannot be made; the message says why. */
export class OverlayError extends Error {
  override readonly name = "OverlayError";
}

/** The configuration that a file comes to, and what of the overlay still holds beside it. */
export interface Overlaid {
  readonly config: Config;
  readonly overlay: Overlay;
}

/**
 * Lays what operators changed over what the file says. Where the file has changed so far that an
 * upstream would have no backend left, the file's count again.
 */
export function applyOverlay(file: Config, overlay: Overlay): Overlaid {
  const parts = file.upstreams.map((upstream) => overlayUpstream(upstream, overlay));
  return {
    config: { ...file, upstreams: parts.map(({ upstream }) => upstream) },
    overlay: {
      added: parts.flatMap(({ added }) => added),
      removed: parts.flatMap(({ removed }) => removed),
    },
  };
}

/** What an operator says of a backend that is to be added. */
export interface NewBackend {
  readonly spec: BackendSpec;
  /** The part of it that is not a default. */
  readonly given: Partial<BackendSpec>;
}

/**
 * Adds a backend; one that was removed is put back as the file has it.
 *
 * @throws {OverlayError} when there is no such upstream, or it has the backend already
 */
export function addBackend(
  file: Config,
  overlay: Overlay,
  { upstream, spec, given }: NewBackend & { readonly upstream: string },
): Overlay {
  const { config } = applyOverlay(file, overlay);
  const isIt = isNamedLike(spec);
  const present = findUpstream(config, upstream).backends.find(isIt);
  if (present !== undefined) {
    throw new OverlayError(`upstream "${upstream}" has this backend already, as "${present.id}"`);
  }
  const own = findUpstream(file, upstream).backends.find(isIt);
  if (own === undefined) return { ...overlay, added: [...overlay.added, { upstream, spec }] };
  const isAsGiven = Object.entries(given).every(([key, value]) => {
    return isSame(value, own[key as keyof BackendSpec]);
  });
  if (!isAsGiven) {
    throw new OverlayError(
      `the file has "${own.id}" with other settings, and it was removed: add it as it is there, ` +
        "or change it there",
    );
  }
  return { ...overlay, removed: without(overlay.removed, { upstream, spec: own }) };
}

/**
 * Removes a backend, whether the file has it or it was added.
 *
 * @throws {OverlayError} when there is none such, or it is the last of its upstream
 */
export function removeBackend(
  file: Config,
  overlay: Overlay,
  { upstream, id }: { readonly upstream: string; readonly id: string },
): Overlay {
  const { config } = applyOverlay(file, overlay);
  const { backends } = findUpstream(config, upstream);
  const spec = backends.find((backend) => backend.id === id);
  if (spec === undefined) throw new OverlayError(`upstream "${upstream}" has no backend "${id}"`);
  if (backends.length === 1) {
    throw new OverlayError(
      `"${id}" is the last backend of upstream "${upstream}": drain it instead`,
    );
  }
  const added = without(overlay.added, { upstream, spec });
  if (added.length < overlay.added.length) return { ...overlay, added };
  return { ...overlay, removed: [...overlay.removed, { upstream, spec }] };
}

interface UpstreamPart {
  readonly upstream: UpstreamConfig;
  readonly added: readonly BackendOf[];
  readonly removed: readonly BackendOf[];
}

function overlayUpstream(upstream: UpstreamConfig, overlay: Overlay): UpstreamPart {
  const isOwn = (backend: BackendOf) => backend.upstream === upstream.name;
  const added = overlay.added.filter((backend) => {
    return isOwn(backend) && !upstream.backends.some(isNamedLike(backend.spec));
  });
  const removed = overlay.removed.filter((backend) => {
    return isOwn(backend) && upstream.backends.some((spec) => isSame(spec, backend.spec));
  });
  const stay = upstream.backends.filter((spec) => !removed.some((gone) => isSame(gone.spec, spec)));
  const backends = [...stay, ...added.map(({ spec }) => spec)];
  if (backends.length === 0) return { upstream, added: [], removed: [] };
  return { upstream: { ...upstream, backends }, added, removed };
}

function findUpstream({ upstreams }: Config, name: string): UpstreamConfig {
  const found = upstreams.find((upstream) => upstream.name === name);
  if (found === undefined) throw new OverlayError(`there is no upstream "${name}"`);
  return found;
}

function isNamedLike({ id, address }: BackendSpec): (other: BackendSpec) => boolean {
  const text = formatAddress(address);
  return (other) => other.id === id || formatAddress(other.address) === text;
}

function without(backends: readonly BackendOf[], { upstream, spec }: BackendOf): BackendOf[] {
  return backends.filter((other) => other.upstream !== upstream || other.spec.id !== spec.id);
}
