// The browser that reads the page as a person would: NAMEPLATE_BROWSER, or a Chromium on the PATH.

import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

const executable = [
  process.env.NAMEPLATE_BROWSER,
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
].find((path) => path && spawnSync(path, ['--version']).status === 0);

/** Why there is none; empty where there is. */
export const missing = executable === undefined ? 'no Chromium' : '';

/** It must ask nobody for anything, so all that it does by itself in the background is switched off. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: spawnSync('sh', ['-c', 'command -v "$0"', executable ?? ''], {
      encoding: 'utf8',
    }).stdout.trim(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
