// Somebody in front of the console, in Chromium: what must hold of each page they see.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.LAZO_MODULES, 'package.json'));
const axe = require('axe-core');

export const SCREENS = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};
const PAGE_BYTES_MAX = 150_000;

/** What axe-core found on any page, and what is too wide: told together at the end. */
export const FAULTS = [];

export class Visitor {
  /** By `look`: `{ lang, scheme, screen }`; `script: false` turns scripts off. */
  static async open(browser, origin, look, { role = 'admin', who, script = true } = {}) {
    const visitor = new Visitor();
    Object.assign(visitor, { origin, look, script, strange: [], checked: 0, assetBytes: 0 });
    visitor.context = await browser.newContext({
      ...SCREENS[look.screen],
      colorScheme: look.scheme,
      javaScriptEnabled: script,
    });
    await visitor.be(role, who);
    visitor.page = await visitor.context.newPage();
    visitor.page.on('request', (request) => request.url().startsWith(origin) || visitor.strange.push(request.url()));
    visitor.page.on('pageerror', (error) => visitor.strange.push(String(error)));
    visitor.page.on('console', (message) => {
      // Chromium notes every status above 399 as an error of the page, and that a mail in
      // its sandbox runs no script.
      const isUsual = /^Failed to load resource|^Blocked script execution in/.test(message.text());
      if (!isUsual) visitor.strange.push(message.text());
    });
    return visitor;
  }

  /** Another role, or another person: what is chosen at the top of the local console. */
  async be(role, who) {
    const cookies = { 'lazo-lang': this.look.lang, 'lazo-role': role, ...(who && { 'lazo-who': who }) };
    await this.context.addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: this.origin })));
  }

  get name() {
    const { lang, screen, scheme } = this.look;
    return `${lang}-${screen}-${scheme}`;
  }

  /** Goes to a path; the answer must have this status. */
  async go(path, status = 200) {
    const answer = await this.page.goto(this.origin + path);
    assert.equal(answer.status(), status, `${path} as ${this.name}`);
    this.bytes = (await answer.body()).length;
  }

  /** What the stylesheet, script, icon and fonts weigh, once for all pages. */
  async weighAssets() {
    const assets = [];
    const note = (answer) => answer.url().includes('/assets/') && assets.push(answer);
    this.page.on('response', note);
    await this.go('/');
    await this.page.waitForLoadState('networkidle');
    this.page.off('response', note);
    for (const answer of assets) this.assetBytes += (await answer.body()).length;
    assert.ok(assets.length >= 4, `only ${assets.length} assets`);
  }

  /** What must hold of the page that is shown. Without scripts axe-core cannot look. */
  async check(state) {
    const name = `${state} ${this.name}`;
    const { lang } = this.look;
    assert.equal((await this.page.locator('html').getAttribute('lang')).slice(0, 2), lang, name);
    const width = this.page.viewportSize().width;
    if (this.script) {
      await this.page.evaluate(() => window.scrollTo(0, 0)); // what the header covers is no fault
      await this.page.evaluate(axe.source); // by the debugger: the CSP lets no script of others run
      const found = await this.page.evaluate(() =>
        window.axe.run(document, { rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'], iframes: false }),
      );
      const faults = found.violations.map(
        ({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map((node) => node.html).join('\n    ')}`,
      );
      FAULTS.push(...faults.map((fault) => `${name}: ${fault}`));
      const scrolled = await this.page.evaluate(() => document.documentElement.scrollWidth);
      if (scrolled > width) FAULTS.push(`${name}: ${scrolled} px wide`);
    }
    this.bearable(name);
    this.checked += 1;
  }

  bearable(name) {
    const bytes = (this.bytes ?? 0) + this.assetBytes;
    assert.ok(bytes < PAGE_BYTES_MAX, `${name}: ${bytes} bytes`);
    assert.deepEqual(this.strange, [], `${name}: requests elsewhere, or complaints`);
  }

  /** Keeps a picture of the whole page. */
  async picture(folder, state) {
    mkdirSync(folder, { recursive: true });
    // As high as the page: what is fixed to the foot of the screen stands at its foot.
    const { viewport } = SCREENS[this.look.screen];
    const height = await this.page.evaluate(() => document.documentElement.scrollHeight);
    await this.page.setViewportSize({ ...viewport, height: Math.max(height, viewport.height) });
    await this.page.screenshot({ path: join(folder, `${state}-${this.name}.png`) });
    await this.page.setViewportSize(viewport);
  }

  /** Presses a button of a form, and waits for the page that it leads to. */
  async press(button) {
    const loaded = this.page.waitForEvent('load');
    await button.click();
    await loaded;
    this.bytes = (await this.page.content()).length;
  }

  async close() {
    assert.deepEqual(this.strange, [], `${this.name}: requests elsewhere, or complaints`);
    await this.context.close();
  }
}
