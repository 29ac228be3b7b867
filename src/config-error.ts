// The error for a mistake in flags or environment.

/** What somebody who started the operator did wrong: one line that names the flag (or the variable) and says what to write. Exit with 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
