// Durations as people write them in Kubernetes: `720h`, `1h30m`, `90s`.

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const LONGER_UNITS: Readonly<Record<string, number>> = { d: 24, w: 168, y: 8_760 };

/**
 * The form of a duration, as a regular expression for the whole text, fit for the `pattern` of a schema.
 * It is the one that the Gateway API settled on (GEP-2257): what Go's `time.ParseDuration` reads, and so CEL's `duration()`,
 * without signs, fractions or units that nobody means. The longest is 99999h a term, 11 years.
 */
export const DURATION_PATTERN = '^([0-9]{1,5}(h|m|s|ms)){1,4}$';

const form = new RegExp(DURATION_PATTERN);

/** Reads a duration into milliseconds; throws a `RangeError` whose message quotes the text and says what to write instead. */
export function parseDuration(text: string): number {
  if (!form.test(text)) throw new RangeError(`${quote(text)} is not a duration: ${hint(text)}`);
  let sum = 0;
  for (const [, digits, unit = ''] of text.matchAll(/(\d+)(ms|[hms])/g)) sum += Number(digits) * (UNITS[unit] ?? 0);
  return sum;
}

/** Writes milliseconds so that `parseDuration` reads the same again: `5400000` is `1h30m`, `0` is `0s`. Fractions are rounded; the sign is dropped. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(Math.abs(milliseconds));
  let text = '';
  for (const [unit, size] of Object.entries(UNITS)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || '0s';
}

/** The commonest mistake is a day, which Go's durations do not have because not every day has 24 hours. */
function hint(text: string): string {
  const [, digits, unit = ''] = /^(\d{1,3})([dwy])$/.exec(text) ?? [];
  const hours = LONGER_UNITS[unit];
  if (digits !== undefined && hours !== undefined)
    return `days, weeks and years are not known, write ${Number(digits) * hours}h`;
  return 'write whole numbers with the units h, m, s or ms, such as 720h, 1h30m or 90s';
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
