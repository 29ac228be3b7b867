// What the controller runtime asks of a logger, so that it depends on none.

/** One line each: fields for machines, a message for people. pino's loggers have this form. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
