// A line for each test, the details of failures, and the closing line that xtask adds up.

import { inspect } from 'node:util';

export default async function* report(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') yield data.message;
    if (type === 'test:diagnostic' && data.level === 'error') yield `${data.message}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file or a describe is no test of its own, unless it failed by itself.
    const isGroup = data.details?.type === 'suite' || data.name.endsWith('.mjs');
    if (type === 'test:fail') {
      if (isGroup && data.details.error?.failureType === 'subtestsFailed') continue;
      counts.failed += 1;
      yield `not ok: ${data.name}\n${inspect(data.details.error?.cause ?? data.details.error)}\n`;
    } else if (!isGroup) {
      const skipped = data.skip !== undefined;
      counts[skipped ? 'skipped' : 'passed'] += 1;
      const time = `${(data.details.duration_ms / 1000).toFixed(2)} s`;
      yield skipped ? `skipped: ${data.name}: ${data.skip}\n` : `ok: ${data.name}, ${time}\n`;
    }
  }
  const { passed, failed, skipped } = counts;
  yield `${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
