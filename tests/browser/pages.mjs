// The pages of the console: pages.json, with the ids of this shop in their places.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** All pages and states; a test keeps their routes equal to those of the router. */
export async function pages(origin) {
  const all = JSON.parse(readFileSync(join(import.meta.dirname, 'pages.json'), 'utf8'));
  const known = await ids(origin);
  return all.map((page) => ({ ...page, path: page.path.replace(/:(touch|id|complaint)/, (_, name) => known[name]) }));
}

/** A call, and a customer with an open complaint. */
async function ids(origin) {
  const today = await (await fetch(`${origin}/`)).text();
  const customer = today.match(/href="\/customers\/([^"/?#]+)"/)?.[1];
  const { touch } = (await calls(origin))[0];
  const about = await (await fetch(`${origin}/customers/${customer}`)).text();
  const complaint = about.match(/href="(\/customers\/[^"/]+\/complaints\/[^"/]+)"/)?.[1];
  if (!complaint) throw new Error(`${customer} has no open complaint`);
  return { touch, id: customer, complaint };
}

/** The calls that wait, each with whose it is. */
export async function calls(origin) {
  const found = new Map();
  for (const who of ['lucia.ortega', 'mateo.rios', 'ines.campos', 'grace.hall']) {
    const list = await (await fetch(`${origin}/calls`, { headers: { cookie: `lazo-who=${who}` } })).text();
    for (const [, touch] of list.matchAll(/href="\/calls\/([^"/?#]+~2Fcall)"/g)) {
      if (!found.has(touch)) found.set(touch, { touch, who });
    }
  }
  if (found.size === 0) throw new Error('there is no call to make');
  return [...found.values()];
}
