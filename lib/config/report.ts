import type { z } from "zod";
import { createLocator, type Locator } from "./locate.ts";
import {
  type Finding,
  formatPath,
  formatPlace,
  type Place,
  type Position,
  type Problem,
  type Source,
} from "./problem.ts";

/** Looks up where every finding stands, and puts them in the order of the text. */
export async function resolveFindings(findings: readonly Finding[]): Promise<Problem[]> {
  const positions = await locate(findings);
  const files = [...new Set(findings.map((finding) => finding.source.name))];
  const problems = findings.map((finding): Problem => ({
    file: finding.source.name,
    ...positions(finding),
    path: formatPath(finding.path),
    message: finding.message + describeOther(finding.also, positions),
  }));
  return problems.sort((a, b) =>
    files.indexOf(a.file) - files.indexOf(b.file) ||
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  );
}

/** The findings that a failed check of a document comes to. */
export function findingsOf(source: Source, error: z.ZodError): Finding[] {
  return error.issues.flatMap((issue): Finding[] => {
    const path = issue.path.map((part) => typeof part === "number" ? part : String(part));
    if (issue.code === "unrecognized_keys") {
      const messages = issue.message.split("\n");
      return issue.keys.map((key, index) => {
        return {
          source,
          path: [...path, key],
          at: "key",
          message: messages[index] ?? "unknown key",
        };
      });
    }
    return [{ source, path, message: issue.message }];
  });
}

type Positions = (place: Place) => Position | undefined;

async function locate(findings: readonly Finding[]): Promise<Positions> {
  const locators = new Map<Source, Locator>();
  for (const finding of findings) {
    for (const place of [finding, finding.also]) {
      if (place === undefined || place.position !== undefined) continue;
      if (place.source.text === "" || locators.has(place.source)) continue;
      locators.set(place.source, await createLocator(place.source.text));
    }
  }
  return (place) => {
    return place.position ?? locators.get(place.source)?.find(place.path, place.at ?? "value");
  };
}

function describeOther(place: Place | undefined, positions: Positions): string {
  if (place === undefined) return "";
  return `, first at ${formatPlace(place.source.name, positions(place))}`;
}
