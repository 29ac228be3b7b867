// Node strips the types itself, so nothing is transformed. `unit` needs no control plane and starts at once.
const common = { testEnvironment: 'node', transform: {}, extensionsToTreatAsEsm: ['.ts'] };

const controlPlane = {
  ...common,
  globalSetup: '<rootDir>/test/controlplane/jest-setup.ts',
  globalTeardown: '<rootDir>/test/controlplane/jest-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/patience.ts'],
};

export default {
  // Integration tests mostly wait for processes of their own.
  maxWorkers: 2,
  // A worker keeps the modules of every file it ran, half a gigabyte in the end, and takes a busy machine more than the usual half second to
  // let go of. One that something keeps open does not end in ten either, and is still told of.
  workerGracefulExitTimeout: 10_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      setupFilesAfterEnv: ['<rootDir>/test/patience.ts'],
      testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/unit/**/*.test.ts'],
    },
    {
      ...controlPlane,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        '<rootDir>/test/unit/',
        '<rootDir>/test/faults/',
        '<rootDir>/test/tools/',
      ],
    },
    // Crash points one by one on real parts, and what has to be waited for: too long for every run, so `npm test` leaves it out.
    { ...controlPlane, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.test.ts'] },
    // Other people's programs, each built once from its sources: Argo CD, Flux, Helm, promtool, Telegraf, and the image.
    { ...controlPlane, displayName: 'tools', testMatch: ['<rootDir>/test/tools/**/*.test.ts'] },
  ],
};
