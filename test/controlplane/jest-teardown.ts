// Jest's globalTeardown of the integration tests.

export { stopSharedControlPlane as default } from './shared.ts';
