// What must not stand in a line that people read.

/**
 * Runs of control and format characters and of separators of lines: they drive a terminal, forge lines, or turn the writing around. Names and
 * annotations that a message quotes are checked by nobody.
 */
export const ILLEGIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
