// Bind addresses as Go programs write them, so that manifests of other operators carry over.

/** Where a server listens; without a host on every address of the machine. */
export interface BindAddress {
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * Reads `:8080`, `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; `0` is `undefined`: no server. Throws a `RangeError` that quotes the
 * text and says what to write.
 */
export function parseBindAddress(text: string): BindAddress | undefined {
  if (text === '0') return undefined;
  const [, bracketed, name, digits] =
    /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new RangeError(
      `${JSON.stringify(text)} is not an address: write ":8080", "127.0.0.1:8080" or "[::1]:8080", or "0" for none`,
    );
  }
  const host = bracketed || name;
  return host ? { host, port } : { port };
}

/** The address as it is written in a URL or a log line. */
export function formatBindAddress({ host = '', port }: BindAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
