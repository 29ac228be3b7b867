// From Prometheus' text format to OpenMetrics (https://prometheus.io/docs/specs/om/open_metrics_spec/).

/**
 * Which of the two formats an Accept header prefers. Prometheus sends OpenMetrics first and the text format with a lower `q`; without
 * `q` values, or with wildcards only, it is the text format, which everything reads.
 */
export function negotiate(accept: string | undefined): 'openmetrics' | 'text' {
  const quality = (type: string): number => {
    for (const part of (accept ?? '').split(',')) {
      const [name, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      if (name !== type) continue;
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      return q === undefined ? 1 : Number(q.slice(2)) || 0;
    }
    return 0;
  };
  const open = quality('application/openmetrics-text');
  return open > 0 && open >= quality('text/plain') ? 'openmetrics' : 'text';
}

/**
 * The same metrics in OpenMetrics: counters are declared without their `_total`, there are no empty lines, and the end is marked.
 * Own code because the library renames its counters for good when it writes OpenMetrics: the next scrape in text then lacks `_total`.
 */
export function toOpenMetrics(text: string): string {
  const counters = new Set(Array.from(text.matchAll(/^# TYPE (\S+)_total counter$/gm), ([, name]) => name));
  const declared = text.replace(/^# (HELP|TYPE) (\S+)_total /gm, (line, keyword: string, name: string) =>
    counters.has(name) ? `# ${keyword} ${name} ` : line,
  );
  return `${declared.replace(/\n{2,}/g, '\n').trimEnd()}\n# EOF\n`;
}
