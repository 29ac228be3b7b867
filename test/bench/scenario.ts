// What a scenario is. Each stands in a file of its own in `scenarios/`.

import type { Stage } from './stage.ts';

/** Who issues the tokens. */
export type Side = 'raw' | 'operator';

/** What is compared with a goal: the operator's figure itself, or its ratio to the raw loop's of the same round. */
export interface Goal {
  readonly of: 'ratio' | 'operator';
  /** At most this, or at least this. */
  readonly is: 'atMost' | 'atLeast';
  readonly value: number;
  /** What is aimed at next. */
  readonly later?: number;
}

/** One figure of a scenario. */
export interface Metric {
  /** The key of the figure in what `run` returns. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  readonly unit: string;
  readonly goal?: Goal;
}

/** What the keys of figures begin with that count requests for each token, by what was asked. */
export const REQUESTS = 'request: ';

/** The figures of one side in one round, by the key of their metric; `REQUESTS` and others may be among them. */
export type Figures = Readonly<Record<string, number>>;

/** What is otherwise than usual on the stage. */
export interface Setting {
  /** The API server puts the finalizer on; on the operator's side only, as the raw loop shows what every request costs. */
  readonly finalizerPolicy?: boolean;
  /** Flags of the simulator. */
  readonly simulator?: readonly string[];
}

/** A situation in which the operator is measured, against the raw loop where that can do the same. */
export interface Scenario {
  readonly name: string;
  /** What it shows, in one line. */
  readonly shows: string;
  /** How many tokens, unless the command line says otherwise. */
  readonly tokens: number;
  /** Whether the operator alone is measured; the raw loop is then of no use. */
  readonly alone?: boolean;
  /** No more rounds than this, where one takes minutes. */
  readonly mostRounds?: number;
  readonly setting?: Setting;
  readonly metrics: readonly Metric[];
  /** Measures one side once, on a stage that is used for nothing else. */
  readonly run: (stage: Stage) => Promise<Figures>;
}
