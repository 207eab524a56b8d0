// The local program with a shop of some customers, each of whom got a marketing mail and
// two surveys.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RULES = join(import.meta.dirname, 'shop/rules');
const START_SECONDS = 30;

/** What makes a customer get the mails: a profile, a yes, a purchase that came and went back. */
function events(customer) {
  const at = (minutesAgo) => new Date(Date.now() - minutesAgo * 60_000).toISOString();
  const common = { customer_id: customer.id };
  return [
    { 'detail-type': 'CustomerUpdated', occurred_at: at(30), email: customer.email, locale: customer.locale, ...common },
    { 'detail-type': 'ConsentChanged', occurred_at: at(20), consent_id: `yes-${customer.id}`, channel: 'email', purpose: 'marketing', state: 'granted', source: 'counter', ...common },
    { 'detail-type': 'PurchaseCompleted', occurred_at: at(10), purchase_id: `pur-${customer.id}`, total: { amount: '129.90', currency: 'MXN' }, ...common },
    { 'detail-type': 'PurchaseDelivered', occurred_at: at(8), purchase_id: `pur-${customer.id}`, ...common },
    { 'detail-type': 'PurchaseRefunded', occurred_at: at(6), refund_id: `ref-${customer.id}`, purchase_id: `pur-${customer.id}`, ...common },
  ];
}

/**
 * By recipient: `unsubscribe`, of a mail's List-Unsubscribe header, and of the surveys'
 * scores, in their order, `csat` and `nps`.
 */
function links(outbox) {
  const found = new Map();
  for (const name of readdirSync(outbox).filter((name) => name.endsWith('.eml') && !name.startsWith('.'))) {
    const mail = readFileSync(join(outbox, name), 'utf8').replace(/\r\n[ \t]/g, ' ');
    const to = mail.match(/^To: .*?([^\s<]+@[^\s>]+)/m)?.[1];
    if (!to) continue;
    const known = found.get(to) ?? {};
    found.set(to, known);
    const unsubscribe = mail.match(/^List-Unsubscribe: <([^>]+)>/m)?.[1];
    if (unsubscribe) known.unsubscribe = unsubscribe;
    const words = mail.replace(/=\r\n/g, '').replace(/=3D/g, '=');
    const scores = [...new Set(words.match(/http[^\s"<>)\]]+\/s\/[^\s"<>)\]]+\/\d+/g))];
    if (scores.length > 0) known[scores.length === 5 ? 'csat' : 'nps'] = scores;
  }
  return found;
}

/** Starts the shop; gives the link of each customer, and what stops it again. */
export async function open(customers) {
  const folder = mkdtempSync(join(tmpdir(), 'lazo-browser-'));
  const data = join(folder, 'data');
  const target = ['--data', data, '--rules', RULES];
  const file = join(folder, 'events.jsonl');
  writeFileSync(file, customers.flatMap(events).map((event) => JSON.stringify(event)).join('\n'));
  const sent = spawnSync(process.env.LAZO_BIN, ['send', file, '--new', ...target], { encoding: 'utf8' });
  if (sent.status !== 0) throw new Error(`lazo send: ${sent.stdout}${sent.stderr}`);

  const ports = ['--dynamodb-port', '0', '--bus-port', '0', '--links-port', '0', '--console-port', '0'];
  const lazo = spawn(process.env.LAZO_BIN, ['local', '--empty', ...ports, ...target]);
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
    const found = links(join(data, 'outbox'));
    const isWhole = ({ email }) => ['unsubscribe', 'csat', 'nps'].every((name) => found.get(email)?.[name]);
    if (customers.every(isWhole)) return { links: found, close };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await close();
  throw new Error(`the mails were not sent:\n${output}`);
}
