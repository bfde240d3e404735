// NVIDIA's Multi-Process Service, which shares a GPU among programs: with a thread percentage, as sharing in Kubernetes sets
// one, the driver tells a client of no more SMs than are its own (NVIDIA/k8s-device-plugin#679: 4 of the 40 of a T4).

import type { DeviceFacts } from '../schema.js';

export const sharedByMps = ({ backend, features }: DeviceFacts): boolean =>
  backend === 'cuda' && features.includes('MPS');
