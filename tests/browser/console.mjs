// The console in Chromium: every page, and each role's main tasks. Start it with
// tests/browser/run.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { open } from './console-shop.mjs';
import { calls, pages } from './pages.mjs';
import { FAULTS, Visitor } from './visitor.mjs';

const require = createRequire(join(process.env.LAZO_MODULES, 'package.json'));
const { chromium } = require('playwright-core');

// Each value of each with each of the others, at least once.
const LOOKS = [
  { lang: 'es', scheme: 'light', screen: 'desktop' },
  { lang: 'en', scheme: 'dark', screen: 'desktop' },
  { lang: 'en', scheme: 'light', screen: 'phone' },
  { lang: 'es', scheme: 'dark', screen: 'phone' },
];
const RULE = '/edit/rules~2Fwinback.yaml';
const REFUSED = [
  ['rep', '/settings'],
  ['rep', '/rules'],
  ['rep', '/customers/:id/erase'],
  ['marketing', '/customers/:id/erase'],
  ['marketing', '/settings/failures'],
  ['marketing', '/settings/sessions'],
  ['operations', '/calls'],
  ['operations', '/customers/:id/complaint'],
];

/** What a page says of what was just done. */
async function done(visitor, what) {
  assert.equal(await visitor.page.locator('.flash').count(), 1, `${what} ${visitor.name}: nothing says that it is done`);
}

/** Every page and state as one sees it. */
async function everyPage(browser, shop, states, look) {
  const visitor = await Visitor.open(browser, shop.origin, look);
  await visitor.weighAssets();
  for (const { name, path, role = 'admin', status, mail } of states) {
    await visitor.be(role);
    await visitor.go(path, status);
    if (mail) visitor.bearable(name);
    else await visitor.check(name);
  }
  await visitor.close();
  return visitor.checked;
}

/** A rep takes a call, reports how it went, and reloads, which repeats nothing. */
async function takeAndReport(visitor, { touch, who }) {
  const { page } = visitor;
  await visitor.be('rep', who);
  await visitor.go('/calls');
  await visitor.check('calls-of-a-rep');
  await visitor.go(`/calls/${touch}`);
  await visitor.press(page.locator(`form[action$="/take"] button`));
  await visitor.check('call-taken');
  await page.locator('#outcome input[value=reached]').check({ force: true });
  await page.locator('#note').fill('Todo <b>bien</b>, ¡gracias!\nمرحبا');
  await visitor.press(page.locator('#log button[value=stop]'));
  await visitor.check('call-reported');
  await done(visitor, 'a report');
  await page.reload();
  assert.ok(!(await page.content()).includes('<b>bien</b>'), 'a note is text');
  await visitor.go('/calls');
  const made = page.locator('.queue h2', { hasText: /Hechas hoy|Made today/ }).locator('+ ol');
  const there = await made.locator(`a[href="/calls/${touch}"]`).count();
  assert.equal(there, 1, `${visitor.name}: the call is not among those made today`);
}

/** Marketing edits a rule: a mistake, a draft, a version, and back again. */
async function editRule(visitor) {
  const { page } = visitor;
  await visitor.be('marketing');
  await visitor.go(RULE);
  const text = await page.locator('#text').inputValue();
  const act = (name) => page.locator(`#editor button[value=${name}]`);
  await page.locator('#text').fill(text.replace('purpose: marketing', 'purpose: markting'));
  if (visitor.script) {
    await page.locator('#findings .note').first().waitFor();
  } else {
    await visitor.press(act('check'));
  }
  const said = await page.locator('#findings').innerText();
  assert.match(said, /markting/, `${visitor.name}: ${said}`);
  await visitor.check('rule-with-a-mistake');
  await visitor.press(act('publish'));
  assert.match(await page.locator('#text').inputValue(), /markting/, 'what was typed is kept');
  await visitor.check('rule-refused');
  const changed = text.replace(/^priority: .*$/m, `priority: ${20 + Math.floor(Math.random() * 20)}`);
  await page.locator('#text').fill(changed);
  await visitor.press(act('save'));
  await done(visitor, 'a draft');
  await visitor.check('rule-as-a-draft');
  assert.equal(await page.locator('#text').inputValue(), changed);
  await page.locator('#note').fill(`Otra prioridad, ${visitor.name}`);
  await visitor.press(act('publish'));
  await done(visitor, 'a version');
  await visitor.go('/versions');
  assert.match(await page.locator('main').innerText(), new RegExp(`Otra prioridad, ${visitor.name}`));
  await visitor.check('versions-more');
  await visitor.go('/versions/1');
  await visitor.check('version-of-before');
  await page.locator('#why').fill('Como antes');
  await visitor.press(page.locator('form[action$="/rollback"] button'));
  await done(visitor, 'a way back');
  await visitor.go(RULE);
  assert.equal(await page.locator('#text').inputValue(), text, 'the rule is as it was');
}

/** A rep opens a complaint and resolves it. */
async function complain(visitor, customer) {
  const { page } = visitor;
  await visitor.be('rep');
  await visitor.go(`/customers/${customer}/complaint`);
  const send = page.locator('main form.stack button.go');
  const category = page.locator('input[name=category]');
  await category.fill(`delivery ${visitor.name}`);
  await page.locator('textarea[name=description]').fill('Llegó tarde <script>alert(1)</script>');
  await visitor.press(send);
  await done(visitor, 'a complaint');
  await visitor.check('complaint-opened');
  const entry = page.locator('a[href*="/complaints/"]').last();
  await visitor.press(entry);
  await visitor.check('complaint-to-resolve');
  await visitor.press(page.locator('main form.stack button.go'));
  await done(visitor, 'a complaint that is resolved');
}

/** An admin finds a customer and forgets them, which asks for the id to be typed. */
async function erase(visitor, customer) {
  const { page } = visitor;
  await visitor.be('admin');
  await visitor.go(`/customers?q=${customer}`);
  if (!page.url().endsWith(`/customers/${customer}`)) {
    await visitor.press(page.locator(`main a[href="/customers/${customer}"]`).first());
  }
  const way = page.locator(`a[href="/customers/${customer}/erase"]`);
  if (!(await way.isVisible())) await page.locator('details', { has: way }).locator('summary').click();
  await visitor.press(way);
  await page.locator('input[name=confirm]').fill('cus-otro');
  await visitor.press(page.locator('button.danger'));
  await visitor.check('erase-refused');
  assert.equal(await page.locator('input[name=confirm]').inputValue(), 'cus-otro');
  await page.locator('input[name=confirm]').fill(customer);
  await visitor.press(page.locator('button.danger'));
  await done(visitor, 'an erasure');
  await visitor.check('erased');
}

/** What a role may not do is refused, whoever types its address. */
async function refused(visitor, customer) {
  for (const [role, path] of REFUSED) {
    await visitor.be(role);
    await visitor.go(path.replace(':id', customer), 403);
  }
  await visitor.be('admin');
}

const shop = await open();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
let checked = 0;
try {
  const states = await pages(shop.origin);
  const id = states.find(({ name }) => name === 'customer').path.split('/')[2];
  const waiting = await calls(shop.origin);
  assert.ok(waiting.length >= LOOKS.length, `only ${waiting.length} calls`);

  const first = await Visitor.open(browser, shop.origin, LOOKS[0]);
  for (const path of ['/reports', '/reports/journey', '/reports/complaints', '/reports/plan', '/reports/segments']) {
    await first.go(path);
    await first.check('not-reckoned');
  }
  await first.press(first.page.locator('main form[action="/reports/refresh"] button').first());
  await first.close();
  checked += first.checked;

  // Two at a time, as the machine has cores.
  for (const pair of [LOOKS.slice(0, 2), LOOKS.slice(2)]) {
    const counts = await Promise.all(pair.map((look) => everyPage(browser, shop, states, look)));
    checked += counts.reduce((sum, count) => sum + count, 0);
  }
  for (const [round, look] of LOOKS.entries()) {
    const visitor = await Visitor.open(browser, shop.origin, look, { script: round % 3 === 0 });
    await takeAndReport(visitor, waiting[round]);
    await editRule(visitor);
    await complain(visitor, id);
    await erase(visitor, `cus-0000${round + 1}`);
    await refused(visitor, id);
    await visitor.close();
    checked += visitor.checked;
  }
} finally {
  await browser.close();
  await shop.close();
}
assert.deepEqual(FAULTS, [], 'faults of pages');
console.log(`${checked} pages of the console: no violation, nothing from elsewhere, each task done`);
