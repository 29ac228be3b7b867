// A defence, and how it is taken out of the sources.

/** A text of a file that stands there once, and what is put in its place. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A defence that is taken out. */
export interface Mutation {
  /** The attack, as the first cell of its row begins. */
  readonly attack: string;
  /** What is left of the defence. */
  readonly without: string;
  readonly edits: readonly Edit[];
  /** The file of the test, and a part of the name of the one that has to fail. */
  readonly test: readonly [file: string, name: string];
}

/** One edit. */
export const one = (file: string, from: string, to: string): readonly Edit[] => [{ file, from, to }];
