// The links of mails in Chromium. Start it with tests/browser/run.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { open } from './shop.mjs';

const require = createRequire(join(process.env.LAZO_MODULES, 'package.json'));
const { chromium } = require('playwright-core');
const axe = require('axe-core');

const CUSTOMERS = [
  { id: 'cus-es', email: 'ana@customer.example', locale: 'es-MX', language: 'es', ask: 'Dejar de recibir', undo: 'Deshacer', answer: 'Enviar mi respuesta', comment: 'Enviar comentario' },
  { id: 'cus-en', email: 'bruno@customer.example', locale: 'en-GB', language: 'en', ask: 'Unsubscribe', undo: 'Undo', answer: 'Send my answer', comment: 'Send comment' },
];
const SCREENS = [
  { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  { name: 'narrow', viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true },
  { name: 'desktop', viewport: { width: 1280, height: 800 } },
];
const SCHEMES = ['light', 'dark'];
const TOUCH_PIXELS = 44; // WCAG 2.5.5
const ONE_CLICK = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };

let checked = 0;

/** What must hold of every page that a customer sees. */
async function check(page, name, { language, width, button, optional }) {
  await page.evaluate(axe.source); // by the debugger: the page's own policy lets no script run
  const found = await page.evaluate(() =>
    window.axe.run(document, { rules: { 'target-size': { enabled: true } }, resultTypes: ['violations', 'incomplete'] }),
  );
  const faults = [...found.violations, ...found.incomplete].map(
    ({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map((node) => node.html).join('\n    ')}`,
  );
  assert.deepEqual(faults, [], `${name}: axe-core`);
  assert.equal(await page.locator('html').getAttribute('lang'), language, name);
  const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(scrolled <= width, `${name}: ${scrolled} px wide`);
  const buttons = await page.getByRole('button').all();
  assert.equal(buttons.length, button ? 1 : 0, `${name}: buttons`);
  if (button) {
    assert.equal(await buttons[0].innerText(), button, name);
    const box = await buttons[0].boundingBox();
    assert.ok(box.height >= TOUCH_PIXELS, `${name}: the button is ${box.height} px high`);
    const { height } = page.viewportSize();
    assert.ok(optional || box.y + box.height <= height, `${name}: the button is below the fold`);
  }
  if (process.env.LAZO_SCREENSHOTS) {
    mkdirSync(process.env.LAZO_SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(process.env.LAZO_SCREENSHOTS, `${name}.png`) });
  }
  checked += 1;
}

/** Presses the one button, as a thumb or by the keyboard. */
async function press(page, screen) {
  const loaded = page.waitForEvent('load');
  if (screen.hasTouch) {
    await page.getByRole('button').tap();
  } else {
    await page.keyboard.press('Tab');
    const outline = await page.getByRole('button').evaluate((button) => getComputedStyle(button).outlineWidth);
    assert.equal(outline, '3px', 'the focused button has an outline');
    await page.keyboard.press('Enter');
  }
  await loaded;
}

/** A page that shows nothing but what comes from its own address, and errs nowhere. */
async function visit(browser, screen, options, origin, act) {
  const { name, ...device } = screen;
  const context = await browser.newContext({ ...device, locale: 'fr-FR', ...options });
  const page = await context.newPage();
  const strange = [];
  page.on('request', (request) => request.url().startsWith(origin) || strange.push(request.url()));
  page.on('console', (message) => {
    // Chromium notes every status above 399 as an error of the page.
    if (!message.text().startsWith('Failed to load resource')) strange.push(message.text());
  });
  await act(page);
  assert.deepEqual(strange, [], `${name}: requests elsewhere, or complaints`);
  assert.deepEqual(await context.cookies(), [], 'cookies');
  await context.close();
}

/** The way of a customer: asked, gone, back again, gone for good, and too late. */
async function wayOfCustomer(browser, customer, link, screen, scheme) {
  const origin = new URL(link).origin;
  const seen = (page, state, button) =>
    check(page, `${state}-${customer.language}-${screen.name}-${scheme}`, {
      language: customer.language,
      width: screen.viewport.width,
      button,
    });
  await visit(browser, screen, { colorScheme: scheme }, origin, async (page) => {
    await page.goto(link);
    await seen(page, 'ask', customer.ask);
    await press(page, screen);
    await seen(page, 'unsubscribed', customer.undo);
    const undo = await page.locator('input[name=undo]').inputValue();
    await press(page, screen);
    await seen(page, 'undone');
    // Gone again by the mail program's one click: the page says so.
    const click = await fetch(link, { ...ONE_CLICK, body: 'List-Unsubscribe=One-Click' });
    assert.equal(click.status, 200);
    await page.goto(link);
    await seen(page, 'already');
    // The first undo comes too late.
    const late = await fetch(link, { ...ONE_CLICK, body: `undo=${undo}` });
    assert.equal(late.status, 409);
    await page.setContent(await late.text());
    await seen(page, 'not-undone');
    // Back for the next round.
    const again = await (await fetch(link, { ...ONE_CLICK, body: 'action=unsubscribe' })).text();
    assert.ok(!again.includes('name="undo"'), 'nothing is left to undo');
  });
}

/** The way of an answer: looked at, changed, sent, a comment on top, and done. */
async function wayOfAnswer(browser, customer, kind, links, screen, scheme) {
  const origin = new URL(links[0]).origin;
  const seen = (page, state, button) =>
    check(page, `${kind}-${state}-${customer.language}-${screen.name}-${scheme}`, {
      language: customer.language,
      width: screen.viewport.width,
      button,
      optional: button === customer.comment, // who has to scroll has answered already
    });
  const score = async (page) => (await page.locator('main strong').innerText()).match(/^\d+/)[0];
  await visit(browser, screen, { colorScheme: scheme }, origin, async (page) => {
    await page.goto(links.at(-2));
    await seen(page, 'ask', customer.answer);
    await page.getByRole('link', { name: '3', exact: true }).click();
    assert.equal(await score(page), '3');
    await page.goto(links.at(-1));
    assert.equal(await score(page), String(links.length === 5 ? 5 : 10));
    await press(page, screen);
    await seen(page, 'answered', customer.comment);
    const late = await fetch(links[0], { ...ONE_CLICK, body: 'action=answer' });
    assert.equal(late.status, 200);
    const long = await fetch(links[0], { ...ONE_CLICK, body: `comment=${'a '.repeat(900)}` });
    assert.equal(long.status, 413);
    await page.goto(links[0]);
    await seen(page, 'answered-before', customer.comment);
    await page.getByRole('textbox').fill('Todo <b>bien</b>,\ngracias.');
    const loaded = page.waitForEvent('load');
    await page.getByRole('button').click();
    await loaded;
    await seen(page, 'commented');
    await page.setContent(await long.text());
    await seen(page, 'too-long', customer.comment);
  });
}

/** The same way with scripts switched off, in which axe-core cannot look at it. */
async function withoutScripts(browser, customer, link, screen) {
  await visit(browser, screen, { javaScriptEnabled: false }, new URL(link).origin, async (page) => {
    await page.goto(link);
    const headings = [await page.locator('h1').innerText()];
    for (const button of [customer.ask, customer.undo]) {
      await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: button }).tap()]);
      headings.push(await page.locator('h1').innerText());
    }
    assert.equal(new Set(headings).size, 3, headings.join(' | '));
  });
}

/** Pages for whoever comes without a link that works. */
async function strangers(browser, link, screen, scheme) {
  const { origin } = new URL(link);
  const expected = { language: 'es', width: screen.viewport.width };
  await visit(browser, screen, { colorScheme: scheme }, origin, async (page) => {
    const missing = await page.goto(`${link.slice(0, -1)}~`);
    assert.equal(missing.status(), 404);
    await check(page, `no-link-${screen.name}-${scheme}`, expected);
    const empty = await fetch(link, { ...ONE_CLICK, body: '' });
    assert.equal(empty.status, 400);
    await page.setContent(await empty.text());
    await check(page, `not-understood-${screen.name}-${scheme}`, expected);
  });
}

const [phone] = SCREENS;
const rounds = SCREENS.flatMap((screen) => SCHEMES.map((scheme) => ({ screen, scheme })));
// A customer of its own for each round, since each ends with a no.
const customers = rounds.flatMap((_, round) =>
  CUSTOMERS.map((customer) => ({ ...customer, id: `${customer.id}-${round}`, email: `${round}${customer.email}` })),
);
const scriptless = CUSTOMERS.map((customer) => ({ ...customer, id: `${customer.id}-off`, email: `off${customer.email}` }));
const shop = await open([...customers, ...scriptless]);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
try {
  for (const [round, { screen, scheme }] of rounds.entries()) {
    for (const customer of customers.filter(({ id }) => id.endsWith(`-${round}`))) {
      const { unsubscribe, ...surveys } = shop.links.get(customer.email);
      await wayOfCustomer(browser, customer, unsubscribe, screen, scheme);
      for (const [kind, links] of Object.entries(surveys)) {
        await wayOfAnswer(browser, customer, kind, links, screen, scheme);
      }
    }
    await strangers(browser, shop.links.get(`${round}${CUSTOMERS[0].email}`).unsubscribe, screen, scheme);
  }
  for (const customer of scriptless) {
    await withoutScripts(browser, customer, shop.links.get(customer.email).unsubscribe, phone);
  }
} finally {
  await browser.close();
  await shop.close();
}
console.log(`${checked} pages in ${browser.version()}: no violation, no script, nothing from elsewhere`);
