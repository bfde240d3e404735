export function buildSimulatedDriver(): string;
export function addonWithKernels(): string;
