// The type test leaves out nothing public. The compiler checks the rest of it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as forebay from 'forebay';
import * as testing from 'forebay/testing';

const folder = new URL('./types/', import.meta.url);
const files = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
const program = files.join('\n');

function uses(name) {
  return new RegExp(`\\b${name}\\b`).test(program);
}

const all = [...Object.values(forebay), ...Object.values(testing)];
for (const kind of all.filter((value) => typeof value === 'function')) {
  if (kind.prototype instanceof forebay.ForebayError) continue;
  test(`the type test uses all of ${kind.name}`, () => {
    assert.ok(uses(kind.name), kind.name);
    const members = Object.getOwnPropertyNames(kind.prototype ?? {});
    for (const member of members.filter((name) => name !== 'constructor')) {
      assert.ok(uses(member), `${kind.name}.${member}`);
    }
  });
}
