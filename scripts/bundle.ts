// The operator in one file, for the image: main.ts and of its dependencies what is used, with the licences and the bill of materials of those.

import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { licences, packageOf } from './licences.ts';
import { sbom } from './sbom.ts';

const root = join(import.meta.dirname, '..');

/** A file of the build. */
export interface BuiltFile {
  /** Within `dist`. */
  readonly path: string;
  readonly content: string;
}

/** Builds, writing nothing. The same sources and dependencies give the same bytes, wherever the checkout stands. */
export async function bundle(): Promise<BuiltFile[]> {
  const { outputFiles, metafile } = await build(OPTIONS);
  const [output] = Object.values(metafile.outputs);
  const used = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const packages = new Set(['.', ...used.flatMap(([path]) => packageOf(path) ?? [])]);
  return [
    { path: 'operator.cjs', content: oneByte(outputFiles.map(({ text }) => text).join('')) },
    { path: 'LICENSES.txt', content: await licences(root, packages) },
    { path: 'sbom.cdx.json', content: await sbom(root, packages) },
  ];
}

/**
 * For a single character beyond ASCII, be it in a comment, Node would keep the whole source at two bytes a character: three megabytes more.
 * An escape means the same in a regular expression, and nothing in a comment.
 */
function oneByte(source: string): string {
  return source.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Index files, cut down to what is used of them: esbuild keeps the whole of what is imported dynamically, and of a namespace that is
 * exported as a value. When a dependency needs more of one, the build fails and names what is missing.
 */
const NARROWED: Readonly<Record<string, string>> = {
  // Fourteen megabytes of models and API classes. KubeConfig uses these two where it makes an API client, which is not ours to ask for.
  '@kubernetes/client-node/dist/gen/index.js': `
    export const createConfiguration = undefined;
    export const ServerConfiguration = undefined;`,
  // Its fetch, caches, mocks and WebSockets; requests are methods of its agents, put there as its own index does.
  'undici/index.js': `
    import Dispatcher from './lib/dispatcher/dispatcher.js';
    import request from './lib/api/api-request.js';
    Object.assign(Dispatcher.prototype, { request });
    export { default as Agent } from './lib/dispatcher/agent.js';
    export { default as EnvHttpProxyAgent } from './lib/dispatcher/env-http-proxy-agent.js';
    export { default as ProxyAgent } from './lib/dispatcher/proxy-agent.js';`,
  // Fifty languages; zod takes English from its own file.
  'zod/v4/locales/index.js': `export { default as en } from './en.js';`,
};

const narrow: Plugin = {
  name: 'narrow',
  setup(bundler) {
    const met = new Set<string>();
    for (const [path, contents] of Object.entries(NARROWED)) {
      const filter = new RegExp(`/node_modules/${path.replaceAll('.', String.raw`\.`)}$`);
      bundler.onLoad({ filter }, () => {
        met.add(path);
        return { contents };
      });
    }
    bundler.onEnd(() => {
      const missed = Object.keys(NARROWED).filter((path) => !met.has(path));
      // Else a dependency that moves a file would make the bundle five times as large, and nobody would be told.
      return { errors: missed.map((path) => ({ text: `${path} is not imported any more: look where it went` })) };
    });
  },
};

const OPTIONS = {
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/operator.cjs',
  write: false,
  metafile: true,
  bundle: true,
  platform: 'node',
  // Importing node:http into an ES module makes Node look at all that it exports, and for that load its own fetch, which is never used:
  // a quarter of the time that a start takes.
  format: 'cjs',
  target: 'node26',
  // Escapes what is not ASCII, but in comments and regular expressions: see `oneByte`.
  charset: 'ascii',
  // Names and lines stay as they are, so a stack trace in a log can be read without a source map, which would be larger than the program.
  sourcemap: false,
  legalComments: 'eof',
  alias: {
    // Its index also loads watch, exec, cp and the like, which are not ours to use.
    '@kubernetes/client-node': '@kubernetes/client-node/dist/config.js',
  },
  plugins: [narrow],
  logLevel: 'error',
} as const satisfies BuildOptions;
