// The programs of README.md, each in a folder of its own, as users run them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { directory } from './tools/places.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const programs = [...readme.matchAll(/```js\n(.*?)```\n(?:\n```text\n(.*?)```)?/gs)];

assert.ok(programs.length > 5, 'README.md has programs');
for (const [at, [, program, expected]] of programs.entries()) {
  test(`program ${at + 1} of README.md`, { timeout: 60_000 }, async (t) => {
    const folder = await directory(t);
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/forebay'), 'dir');
    writeFileSync(join(folder, 'program.mjs'), program);
    const { NODE_TEST_CONTEXT, ...env } = process.env;
    const options = { cwd: folder, encoding: 'utf8', env };
    const ran = spawnSync(process.execPath, ['program.mjs'], options);
    assert.equal(ran.status, 0, ran.stderr);
    if (expected !== undefined) assert.equal(ran.stdout, expected);
    assert.equal(ran.stderr, '');
  });
}
