// The flags of every operator that plays situations.

/** So that nothing takes long. */
export const OPERATOR_FLAGS = ['--inventory-interval=2s'];
