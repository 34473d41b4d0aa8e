// The journal as HAR, by two judges: a maintained validator of HAR 1.2, and the schema that most tools
// bring along. Whatever was exchanged, also what is odd on the wire.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import harSdk from '@har-sdk/validator';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import schemas from 'har-schema';
import { startFake } from './fake.mjs';

const fake = await startFake();
const world = await fake.world({ clock: '2030-01-01T00:00:00Z' });
const validator = new harSdk.HarValidator();
const ajv = new Ajv.default({ strict: false, allErrors: true });
addFormats.default(ajv);
for (const { $schema, ...schema } of Object.values(schemas)) // an older draft, which says the same
    ajv.addSchema(schema);

async function problemsOf(har) {
    ajv.validate('har.json#', har);
    return [...ajv.errors ?? [], ...await validator.verify(har)].map(
        ({ instancePath, message }) => `${instancePath} ${message}`);
}

async function send(method, path, { headers = {}, body } = {}) {
    try {
        const answer = await fetch(world.base + path,
            { method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(5000) });
        return await answer.text();
    } catch {
        return null; // a fault of the wire took it
    }
}

const json = { 'Content-Type': 'application/json' };
const credentials = { grant_type: 'client_credentials', client_id: world.appId,
    client_secret: world.appSecret, instance_id: world.instanceId };
const mint = () => send('POST', '/oauth2/token', { headers: json, body: JSON.stringify(credentials) });

async function harOf(query = '') {
    const answer = await fetch(`${fake.control}/worlds/${world.name}/journal?format=har${query}`);
    assert.equal(answer.headers.get('content-type'), 'application/har+json');
    return answer.json();
}

// One exchange of every kind that the journal keeps.
async function exchangeAll() {
    const { access_token: token } = JSON.parse(await mint());
    const install = await world.install();
    await send('GET', '/apps/v1/instance?a=1&b=two%20words&empty&a=%FF', { headers: { authorization: token } });
    await send('GET', '/conformance/probe');
    await send('POST', '/oauth2/token', { headers: json, body: '{' });
    await send('POST', '/oauth2/token', { body: new URLSearchParams(credentials) });
    await send('POST', '/oauth2/token', { headers: { 'Content-Type': '' }, body: Buffer.from([0, 255, 128]) });
    await send('POST', '/oauth2/token', { headers: json, body: 'x'.repeat(200_000) });
    await send('POST', '/oauth/access', { headers: json, body: JSON.stringify({
        grant_type: 'authorization_code', client_id: world.appId, client_secret: world.appSecret, code: install.code }) });
    await send('GET', `/installer/install?appId=${world.appId}`);
    await send('GET', '/login/device-login');
    await send('OPTIONS', '/oauth2/token', { headers: { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' } });
    await world.call('POST', '/faults', { do: { fault: 'gzip', always: true } });
    await mint();
    for (const fault of ['reset', 'close', 'garbage', 'html', 'http10', 'bom', 'redirect', 'no-content-type']) {
        await world.call('POST', '/faults', { do: { fault } });
        await mint();
    }
    await world.call('POST', '/events', { event_type: 'AppInstalled', url: 'http://127.0.0.1:9/',
        delivery: { retry: false, wait_ms: 5000 } });
}

await exchangeAll();

test('neither finds anything wrong', async () => {
    for (const query of ['', '&redact=1', '&outcome=ok'])
        assert.deepEqual(await problemsOf(await harOf(query)), [], `with ${query || 'everything'}`);
});

test('they would find something', async () => {
    const spoilt = [
        (har) => { delete har.log.version; },
        (har) => { har.log.entries[0].startedDateTime = 'yesterday'; },
        (har) => { har.log.entries[0].response.status = '200'; },
        (har) => { har.log.entries[1].request.headers = {}; },
    ];
    for (const spoil of spoilt) {
        const har = await harOf();
        spoil(har);
        assert.notEqual((await problemsOf(har)).length, 0, String(spoil));
    }
});

test('it says what the journal says', async () => {
    const { log: { entries } } = await harOf();
    const plain = await world.journal();
    assert.ok(plain.length > 15);
    assert.equal(entries.length, plain.length);
    for (const [i, { request, response, _fakewix: ours, time, timings }] of entries.entries()) {
        const { seq, method, status, outcome } = plain[i];
        assert.deepEqual([ours.seq, request.method, response.status, ours.outcome],
            [seq, method, status, outcome]);
        assert.ok(URL.canParse(request.url), request.url);
        assert.ok(Math.abs(timings.send + timings.wait + timings.receive - time) < 0.001);
        assert.equal(request.headers.length, plain[i].request.headers.length);
    }
    const zipped = entries.find(({ response }) => response.content.encoding === 'base64').response;
    const bytes = Buffer.from(zipped.content.text, 'base64');
    assert.match(gunzipSync(bytes).toString(), /"access_token":/);
    assert.deepEqual([zipped.bodySize, zipped.content.size], [bytes.length, bytes.length]);
    const odd = entries.find((entry) => entry.request.postData?.comment === 'base64').request;
    assert.deepEqual([odd.bodySize, odd.postData.text], [3, 'AP+A']);
    const { request } = entries.find((entry) => entry.request.url.includes('two%20words'));
    assert.deepEqual(request.queryString.slice(0, 3), [{ name: 'a', value: '1' },
        { name: 'b', value: 'two words' }, { name: 'empty', value: '' }]);
});

test('an entry begins when its request came, however long that waited', async () => {
    await world.call('POST', '/faults', { on: { route: 'GET /conformance/probe' }, stage: 'before',
        do: { fault: 'delay', ms: 300 } });
    const began = Date.now();
    await send('GET', '/conformance/probe?late');
    const { startedDateTime, time } = (await harOf()).log.entries.at(-1);
    const started = Date.parse(startedDateTime);
    assert.ok(time >= 300, `it took ${time} ms`);
    assert.ok(started >= began - 2, `${started - began} ms after the request`); // both are rounded
    assert.ok(started + time <= Date.now() + 2, `it ends ${started + time - began} ms after that`);
});
