/** How the cells of a column stand. */
export type Align = "left" | "right";

/** Lines of a table: columns as wide as their widest cell, without spaces at the end of a line. */
export function formatTable(
  columns: readonly (readonly [title: string, align: Align])[],
  rows: readonly (readonly string[])[],
): string[] {
  const titles = columns.map(([title]) => title);
  const widths = titles.map((title, column) => {
    return Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0));
  });
  return [titles, ...rows].map((row) => {
    const cells = columns.map(([, align], column) => {
      const cell = row[column] ?? "";
      const width = widths[column] ?? 0;
      return align === "left" ? cell.padEnd(width) : cell.padStart(width);
    });
    return cells.join("  ").trimEnd();
  });
}
