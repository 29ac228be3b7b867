// Looks for secrets where none may be: whole ones, parts of them, and what base64 makes of them.

/** As many characters of a secret in a row as cannot be there by chance: 64 bits of hex. */
const TELLING = 16;

/** Finds parts of secrets in texts. */
export class LeakDetector {
  readonly #parts = new Map<string, string>();

  /** Each part is known by the name of what it is part of, so that a finding repeats no secret. */
  add(name: string, secret: string): void {
    for (const form of [secret, Buffer.from(secret).toString('base64')]) {
      for (const run of runsIn(form)) for (const part of partsOf(run)) this.#parts.set(part, name);
    }
  }

  /** The lines of a text that hold a part of a secret, each by its number and the name of the secret. */
  find(text: string): readonly string[] {
    return text.split('\n').flatMap((line, index) => {
      const names = new Set<string>();
      for (const run of runsIn(line)) {
        for (const part of partsOf(run)) {
          const name = this.#parts.get(part);
          if (name !== undefined) names.add(name);
        }
      }
      return [...names].map((name) => `line ${index + 1} holds a part of ${name}`);
    });
  }
}

/** What hex and base64 are made of; shorter runs cannot tell anything. */
function runsIn(text: string): readonly string[] {
  return text.match(/[A-Za-z0-9+/]{16,}/g) ?? [];
}

function* partsOf(run: string): Generator<string> {
  for (let from = 0; from + TELLING <= run.length; from++) yield run.slice(from, from + TELLING);
}
