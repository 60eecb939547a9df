import type { ConfigEdit } from "../config/edit.ts";
import type { Overlay } from "../config/overlay.ts";
import { formatAddress } from "../core/address.ts";
import type { BackendSpec } from "../core/types.ts";
import type { Status } from "./status.ts";

/** What was changed at run time and could stand in the file. */
export interface PendingEdits {
  readonly edits: readonly ConfigEdit[];
  /** What a file has no words for, for people: such as `app/b1 is in state drain`. */
  readonly unsaved: readonly string[];
}

/** How the file would have to change to say what operators wanted beside it. */
export function pendingEdits({ added, removed }: Overlay, status: Status): PendingEdits {
  const changed = status.upstreams.flatMap(({ name: upstream, backends }) => {
    return backends.flatMap(({ id, override }) => override ? [{ upstream, id, override }] : []);
  });
  const weightOf = (upstream: string, id: string) => {
    return changed.find((one) => one.upstream === upstream && one.id === id)?.override.weight;
  };
  const isAdded = (upstream: string, id: string) => {
    return added.some((one) => one.upstream === upstream && one.spec.id === id);
  };
  return {
    edits: [
      ...changed.flatMap(({ upstream, id, override: { weight } }): ConfigEdit[] => {
        if (weight === undefined || isAdded(upstream, id)) return [];
        return [{ kind: "weight", upstream, backend: id, weight }];
      }),
      ...added.map(({ upstream, spec }): ConfigEdit => {
        const weight = weightOf(upstream, spec.id) ?? spec.weight;
        return { kind: "add", upstream, backend: settingsOf({ ...spec, weight }) };
      }),
      // Last: no list may be empty in between.
      ...removed.map(({ upstream, spec }): ConfigEdit => {
        return { kind: "remove", upstream, backend: spec.id };
      }),
    ],
    unsaved: changed.flatMap(({ upstream, id, override: { state } }) => {
      return state === undefined ? [] : [`${upstream}/${id} is in state ${state}`];
    }),
  };
}

/** A backend as it stands in a file, without what is default. */
function settingsOf(spec: BackendSpec): Record<string, string | number | boolean> {
  const { id, weight, zone, backup, maxConnections } = spec;
  const address = formatAddress(spec.address);
  return {
    ...(id === address ? {} : { name: id }),
    address,
    ...(weight === 1 ? {} : { weight }),
    ...(zone === undefined ? {} : { zone }),
    ...(backup ? { backup } : {}),
    ...(maxConnections === undefined ? {} : { max_connections: maxConnections }),
  };
}
