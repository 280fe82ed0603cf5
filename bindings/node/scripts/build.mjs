// Makes dist/ from lib/, and installs what that needs exactly as the lock file says. What is up to
// date already is left alone. The native half is built by cargo.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

function changed(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newest(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return Math.max(...files.map((file) => changed(join(file.parentPath ?? file.path, file.name))));
}

function run(program, ...args) {
  console.error(`$ ${program} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw error ?? new Error(`${program} ended with ${status}`);
}

const installed = at('node_modules/.package-lock.json');
if (changed(installed) < changed(at('package-lock.json'))) {
  run('npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts');
  const now = new Date();
  utimesSync(installed, now, now);
}

const stamp = at('dist/.built');
const sources = Math.max(newest(at('lib')), changed(at('tsconfig.json')), changed(installed));
if (changed(stamp) < sources) {
  rmSync(at('dist'), { recursive: true, force: true });
  run(process.execPath, at('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json');
  writeFileSync(stamp, '');
}
