#!/usr/bin/env node
// The door: signals are heard before the command is loaded, which takes long enough for one to come.

import { listen } from './interrupt.js';

listen();
await import('./program.js');
