// The judge's reports, read by parsers that others keep.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import Ajv from 'ajv/dist/2020.js';
import { parse } from 'junit2json';
import { Parser } from 'tap-parser';

const bin = dirname(process.env.FAKEWIX_BIN);

function reports(t) {
  const folder = mkdtempSync(join(tmpdir(), 'fakewix-reports-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name) => join(folder, name);
  const client = `'${join(bin, 'fakewix-reference-client')}' --bug=retry_with_old_token`;
  const run = spawnSync(join(bin, 'fakewix-conform'), [
    'run', '--command', client, '--jobs', '2', '--only', 'ACQ-0*', '--only', 'REF-0*',
    '--tap', file('r.tap'), '--junit', file('r.xml'), '--json', file('r.json'),
  ], { encoding: 'utf8' });
  assert.equal(run.status, 1, run.stderr);
  const read = (name) => readFileSync(file(name), 'utf8');
  return { tap: read('r.tap'), junit: read('r.xml'), json: JSON.parse(read('r.json')) };
}

test('TAP and JUnit are sound and agree with JSON', async (t) => {
  const { tap, junit, json } = reports(t);
  const fails = json.scenarios.filter((s) => s.verdict === 'FAIL').map((s) => s.code);
  const parser = new Parser({ strict: true });
  const results = await new Promise((resolve) => {
    parser.on('complete', resolve);
    parser.end(tap);
  });
  const bad = json.scenarios.filter((s) => ['FAIL', 'INCONCLUSIVE', 'ERROR'].includes(s.verdict));
  assert.equal(results.count, json.scenarios.length);
  assert.equal(results.fail, bad.length);
  assert.equal(results.failures.filter((f) => f.tapError).length, 0);

  const suites = await parse(junit);
  const cases = suites.testsuite.flatMap((suite) => suite.testcase ?? []);
  assert.equal(cases.length, json.scenarios.length);
  const failed = cases.filter((c) => c.failure?.length).map((c) => c.name.split(' ')[0]);
  assert.deepEqual(failed.sort(), fails.sort());
});

test('JSON is what its schema says', (t) => {
  const page = new URL('../../../docs/reference/report.schema.json', import.meta.url);
  const validate = new Ajv.default({ allErrors: true }).compile(JSON.parse(readFileSync(page)));
  const { json } = reports(t);
  assert.ok(json.scenarios.some((s) => s.checks.some((c) => c.wire)));
  assert.ok(validate(json), JSON.stringify(validate.errors, null, 1));
  assert.ok(!validate({ ...json, schema: 2 }));
});
