// Jest's globalSetup of the integration tests.

export { startSharedControlPlane as default } from './shared.ts';
