// The table that `kubectl get` prints.

/** Its rows, each by the names of the columns. A cell that is empty is `''`. */
export function parseTable(text: string): readonly Readonly<Record<string, string>>[] {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const columns = [...header.matchAll(/\S+ */g)].map((match) => ({
    name: match[0].trim(),
    from: match.index,
    to: match.index + match[0].length,
  }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, from, to }, index) => [
        name,
        line.slice(from, index === columns.length - 1 ? undefined : to).trim(),
      ]),
    ),
  );
}
