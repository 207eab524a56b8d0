// The local program with the sample shop. Its policy lets contacts go out at any hour, so
// that there are calls to make whenever this runs.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INFRA = join(import.meta.dirname, '../../infra');
const START_SECONDS = 120;
const ANY_HOUR = '{ mon-sun: "00:00-24:00" }';

function policyOfAnyHour(text) {
  return text
    .replace(/^windows:\n(?: +.*\n)+/m, `windows:\n  email: ${ANY_HOUR}\n  call: ${ANY_HOUR}\n`)
    .replace(/^by_country:\n(?: +.*\n)+/m, 'by_country: {}\n')
    .replace(/^closed_days:\n(?: +.*\n)+/m, 'closed_days: []\n');
}

/** Starts the shop; gives the console's address, and what stops it again. */
export async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'lazo-console-'));
  for (const name of ['rules', 'templates']) cpSync(join(INFRA, name), join(folder, name), { recursive: true });
  const policy = join(folder, 'rules/policy.yaml');
  writeFileSync(policy, policyOfAnyHour(readFileSync(policy, 'utf8')));

  const target = ['--data', join(folder, 'data'), '--rules', join(folder, 'rules')];
  const ports = ['--dynamodb-port', '0', '--bus-port', '0', '--links-port', '0', '--console-port', '0'];
  // On a Wednesday afternoon: how many calls wait hangs on the hour and on the weekday.
  const env = { ...process.env, LAZO_CLOCK: '2026-11-25T16:00:00-06:00' };
  const lazo = spawn(process.env.LAZO_BIN, ['local', ...ports, ...target], { env });
  let output = '';
  for (const stream of [lazo.stdout, lazo.stderr]) stream.on('data', (text) => (output += text));
  const close = async () => {
    if (lazo.exitCode === null) {
      const ended = new Promise((resolve) => lazo.once('exit', resolve));
      lazo.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (let waited = 0; waited < START_SECONDS * 10 && lazo.exitCode === null; waited++) {
    const origin = output.match(/browser:\s+(http:\/\/127\.0\.0\.1:\d+)/)?.[1];
    if (origin) return { origin, close };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await close();
  throw new Error(`the console did not start:\n${output}`);
}
