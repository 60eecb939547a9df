import type { BackendState } from "../core/types.ts";
import { placeBackends, type PlacedBackend, type PlacedConfig } from "./layout.ts";
import type { OverrideMessage } from "./messages.ts";

/** What an operator changes of a backend; what is absent stays as it is. */
export interface BackendChange {
  /** 0 to 65535. */
  readonly weight?: number;
  readonly state?: BackendState;
}

/** What of a backend is not as its configuration says. */
export interface BackendOverride {
  readonly weight?: number;
  readonly state?: BackendState;
}

/** A backend as it was configured when it was changed. */
interface Changed {
  readonly backend: PlacedBackend;
  readonly override: BackendOverride;
}

/**
 * What operators changed of backends while the process runs. A change stays until it is taken back,
 * its backend is removed, or the configuration gives that very setting of it another value. It ends
 * with the process.
 */
export class Overrides {
  /** By the place of the backend, in the order in which they were first changed. */
  #changed = new Map<number, Changed>();

  /** Notes a change; what brings a setting back to what is configured ends its override. */
  change(backend: PlacedBackend, { weight, state }: BackendChange): void {
    const { index, spec } = backend;
    const wanted = {
      weight: weight ?? this.weightOf(backend),
      state: state ?? this.stateOf(backend),
    };
    const override: BackendOverride = {
      ...(wanted.weight === spec.weight ? {} : { weight: wanted.weight }),
      ...(wanted.state === "ready" ? {} : { state: wanted.state }),
    };
    if (isAny(override)) this.#changed.set(index, { backend, override });
    else this.#changed.delete(index);
  }

  /** What was changed of a backend; absent: nothing. */
  of({ index }: PlacedBackend): BackendOverride | undefined {
    return this.#changed.get(index)?.override;
  }

  /** The weight in force, which a backend that is held off gets back. */
  weightOf(backend: PlacedBackend): number {
    return this.of(backend)?.weight ?? backend.spec.weight;
  }

  stateOf(backend: PlacedBackend): BackendState {
    return this.of(backend)?.state ?? "ready";
  }

  /** Its part of the traffic: 0 while it is held off. */
  shareOf(backend: PlacedBackend): number {
    return this.stateOf(backend) === "ready" ? this.weightOf(backend) : 0;
  }

  /** What a thread is told of a backend. */
  messageOf(backend: PlacedBackend): OverrideMessage {
    return {
      type: "override",
      backend: backend.index,
      weight: this.weightOf(backend),
      state: this.stateOf(backend),
    };
  }

  /** What threads have to be told that go by a configuration: this one or the one that comes next. */
  messages(config: PlacedConfig): OverrideMessage[] {
    return [...this.#under(config)].map(([index, { backend, override }]) => ({
      type: "override",
      backend: index,
      weight: override.weight ?? backend.spec.weight,
      state: override.state ?? "ready",
    }));
  }

  /** Another configuration is in force: ends what does not hold under it. */
  take(config: PlacedConfig): void {
    this.#changed = this.#under(config);
  }

  #under(config: PlacedConfig): Map<number, Changed> {
    const placed = new Map(placeBackends(config).map((backend) => [backend.index, backend]));
    const held = [...this.#changed.values()].flatMap((changed) => {
      const backend = placed.get(changed.backend.index);
      if (backend === undefined) return [];
      const override = overrideUnder(backend, changed);
      return isAny(override) ? [{ backend, override }] : [];
    });
    return new Map(held.map((changed) => [changed.backend.index, changed]));
  }
}

function overrideUnder(
  { spec }: PlacedBackend,
  { backend: before, override: { weight, ...rest } }: Changed,
): BackendOverride {
  const isKept = weight !== undefined && spec.weight === before.spec.weight;
  return isKept ? { ...rest, weight } : rest;
}

function isAny(override: BackendOverride): boolean {
  return Object.keys(override).length > 0;
}
