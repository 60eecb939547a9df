import type { Changed } from "../admin/change_result.ts";
import type { ConfigDiff, Named, RouteDiff, SettingChange } from "../config/diff.ts";
import { isEmptyDiff } from "../config/diff.ts";

/** What a change of the configuration came to, for people. */
export function changeText({ how, changes, warnings }: Changed): string {
  const means = how === "in_place" ? "in place" : "by new threads";
  return [
    `done, ${means}`,
    ...diffText(changes).map((line) => `  ${line}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}

/** A difference for people, a line for each thing that becomes different. */
export function diffText(diff: ConfigDiff): string[] {
  if (isEmptyDiff(diff)) return ["nothing changes"];
  const { listeners, upstreams } = diff;
  return [
    ...diff.settings.map(settingText),
    ...listeners.closed.map((listener) => `listener ${named(listener)}: closed`),
    ...listeners.opened.map((listener) => `listener ${named(listener)}: opened`),
    ...listeners.changed.flatMap(({ name, settings, routes }) => [
      ...settings.map((change) => `listener ${name}: ${settingText(change)}`),
      ...(routes === undefined ? [] : routesText(routes)).map((line) =>
        `listener ${name}: ${line}`
      ),
    ]),
    ...upstreams.removed.map((name) => `upstream ${name}: removed`),
    ...upstreams.added.map((name) => `upstream ${name}: added`),
    ...upstreams.changed.flatMap(({ name, settings, backends }) => [
      ...settings.map((change) => `upstream ${name}: ${settingText(change)}`),
      ...backends.removed.map((backend) => `backend ${name}/${named(backend)}: removed`),
      ...backends.added.map((backend) => `backend ${name}/${named(backend)}: added`),
      ...backends.changed.flatMap(({ name: backend, settings }) => {
        return settings.map((change) => `backend ${name}/${backend}: ${settingText(change)}`);
      }),
    ]),
  ];
}

function routesText({ added, removed, changed, reordered }: RouteDiff): string[] {
  return [
    ...removed.map((match) => `route ${match} removed`),
    ...added.map((match) => `route ${match} added`),
    ...changed.flatMap(({ match, settings }) => {
      return settings.map((change) => `route ${match} ${settingText(change)}`);
    }),
    ...(reordered ? ["routes are tried in another order"] : []),
  ];
}

function settingText({ setting, from, to }: SettingChange): string {
  return `${setting} ${show(from)} -> ${show(to)}`;
}

function show(value: unknown): string {
  return value === undefined ? "unset" : JSON.stringify(value);
}

function named({ name, address }: Named): string {
  return name === address ? name : `${name} (${address})`;
}
