// A picture of each page and state. Start it with tests/browser/pictures.

import { createRequire } from 'node:module';
import { join } from 'node:path';

import { open } from './console-shop.mjs';
import { pages } from './pages.mjs';
import { SCREENS, Visitor } from './visitor.mjs';

const require = createRequire(join(process.env.LAZO_MODULES, 'package.json'));
const { chromium } = require('playwright-core');

const folder = process.env.LAZO_SCREENSHOTS;
const shop = await open();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
let count = 0;
try {
  const states = await pages(shop.origin);
  const before = await Visitor.open(browser, shop.origin, { lang: 'es', scheme: 'light', screen: 'desktop' });
  await before.go('/reports');
  await before.picture(folder, 'report-not-reckoned');
  await before.press(before.page.locator('main form[action="/reports/refresh"] button').first());
  await before.close();
  for (const lang of ['es', 'en']) {
    for (const scheme of ['light', 'dark']) {
      for (const screen of Object.keys(SCREENS)) {
        const visitor = await Visitor.open(browser, shop.origin, { lang, scheme, screen });
        for (const { name, path, role = 'admin', status } of states) {
          await visitor.be(role);
          await visitor.go(path, status);
          await visitor.picture(folder, name);
          count += 1;
        }
        await visitor.close();
      }
    }
  }
} finally {
  await browser.close();
  await shop.close();
}
console.log(`${count} pictures in ${folder}`);
