// The served OpenAPI description against itself, against the table of routes, and against what was
// really exchanged: the journal for Wix's paths, this file's own calls for the control plane.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { startFake } from './fake.mjs';

const read = (path) => JSON.parse(readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url)));
const parts = read('openapi/parts.json');
const { apps: [app], sites: [site], instances: [instance] } = read('config/default.json');

const fake = await startFake();
const agreeing = await startFake('--consent', 'auto');
const description = await (await fetch(`${fake.control}/openapi.json`)).json();

const ajv = new Ajv.default({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'fakewix', components: description.components });

function problemsOf(schema, value) {
    const check = ajv.compile({ $ref: schema.$ref.replace('#', 'fakewix#') });
    return check(value) ? [] : check.errors.map((e) => `${e.instancePath || 'the body'} ${e.message}`);
}

function operationOf(route) {
    const [method, path] = route.split(' ');
    const ours = path.startsWith('/_fakewix');
    const item = description.paths[path.replace('{}', '{id}')] ??
        (ours ? undefined : description.paths['/{path}']); // an API path that no row names
    return item?.[method.toLowerCase()];
}

// Routes and statuses that were validated: "POST /oauth2/token 200".
const seen = new Set();

// What is wrong with one exchange, by the description.
function judge({ route, status, type, body, asked }) {
    const operation = operationOf(route);
    if (!operation)
        return ['is not described'];
    const answer = operation.responses[status] ?? operation.responses[`${String(status)[0]}XX`] ??
        operation.responses.default;
    seen.add(`${route} ${status}`);
    const problems = [];
    const content = answer.content?.[type?.split(';')[0]];
    if (answer.content && !content)
        problems.push(`answers ${type}, not ${Object.keys(answer.content)}`);
    if (content?.schema?.$ref)
        problems.push(...problemsOf(content.schema, JSON.parse(body)));
    const question = operation.requestBody?.content['application/json']?.schema;
    if (question && status < 300 && asked)
        problems.push(...problemsOf(question, asked).map((problem) => `request: ${problem}`));
    return problems;
}

const wrong = [];
function note(exchange) {
    for (const problem of judge(exchange))
        wrong.push(`${exchange.route} ${exchange.status}: ${problem}`);
}

// A control call by the name of its route; a {} of it is filled with `id`.
async function control(route, body, id) {
    const [method, path] = route.split(' ');
    const answer = await fetch(fake.http + path.replace('{}', id), {
        method, headers: { 'Content-Type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    note({ route, status: answer.status, type: answer.headers.get('content-type'), body: text,
        asked: body });
    return text && JSON.parse(text);
}

async function wix(method, path, body, headers = {}) {
    const answer = await fetch(fake.http + path, {
        method, redirect: 'manual', body: body && JSON.stringify(body),
        headers: { ...(body && { 'Content-Type': 'application/json' }), ...headers },
    });
    const text = await answer.text();
    return answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}

function noteJournal(entries) {
    for (const { route, status, outcome, request, response } of entries) {
        if (!route || route.startsWith('WEBHOOK'))
            continue;
        const headers = (message) => Object.fromEntries(
            message.headers.map(([name, value]) => [name.toLowerCase(), value]));
        const isJson = headers(request)['content-type'] === 'application/json';
        note({ route, status, type: headers(response)['content-type'], body: response.body,
            asked: isJson && outcome === 'ok' ? JSON.parse(request.body) : undefined });
    }
}

const client = { client_id: app.app_id, client_secret: app.app_secret };
const ids = { app_id: app.app_id, site_id: site.site_id };

// Every described path of Wix's, once as it should be and once not.
async function useWixPaths() {
    const credentials = { grant_type: 'client_credentials', ...client,
        instance_id: instance.instance_id };
    const { access_token: token } = await wix('POST', '/oauth2/token', credentials);
    const authorized = { authorization: token };
    await wix('POST', '/oauth2/token', { ...credentials, client_secret: 'wrong' });
    await wix('POST', '/oauth2/token', { clientId: app.app_id, grantType: 'anonymous' });
    await wix('POST', '/oauth2/token', { clientId: 'x', grantType: 'anonymous' });
    for (const body of [{ token }, { token: 'x' }, {}])
        await wix('POST', '/oauth2/token-info', body);
    await wix('GET', '/oauth2/jwks');
    await wix('GET', '/oauth2/user-info', undefined, authorized);
    await wix('GET', `/oauth2/device/code?clientId=${app.app_id}`);

    for (const path of ['/oauth/access', '/oauth/access/', '/oauth/access.json']) {
        const { code } = await control('POST /_fakewix/installs', ids);
        const { refresh_token } = await wix('POST', path,
            { grant_type: 'authorization_code', ...client, code });
        await wix('POST', path, { grant_type: 'refresh_token', ...client, refresh_token });
        await wix('POST', path, { grant_type: 'authorization_code', ...client, code });
    }

    const install = `?appId=${app.app_id}&redirectUrl=${encodeURIComponent(app.redirect_urls[0])}`;
    await wix('GET', `/installer/install${install}`);
    await fetch(`${agreeing.http}/installer/install${install}`, { redirect: 'manual' });
    await wix('GET', '/installer/install?appId=x');
    await fetch(`${fake.http}/installer/install`, { method: 'POST', redirect: 'manual',
        body: new URLSearchParams(`${install.slice(1)}&decision=decline`) });
    await fetch(`${fake.http}/installer/install`, { method: 'POST', redirect: 'manual',
        body: new URLSearchParams(`${install.slice(1)}&decision=agree&siteId=${site.site_id}`) });
    await wix('GET', `/installer/close-window?access_token=${token}`);
    await wix('GET', '/installer/close-window');

    await wix('GET', '/apps/v1/instance', undefined, authorized);
    await wix('GET', '/apps/v1/instance');
    await wix('POST', '/apps/v1/bi-event', { eventName: 'APP_FINISHED_CONFIGURATION' }, authorized);
    await wix('POST', '/apps/v1/bi-event', { eventName: 'NO_SUCH_EVENT' }, authorized);
    for (const path of ['/stores/v1/products/query', '/stores/v3/products/query'])
        await wix('POST', path, {}, authorized);
    await wix('GET', '/stores-reader/v1/products/query-platformized', undefined, authorized);
    await wix('GET', '/conformance/probe', undefined, authorized);
    await wix('POST', '/conformance/probe', {}, authorized);
    await wix('GET', '/nothing/v1/there', undefined, authorized);

    const { redirectSession } = await wix('POST', '/_api/redirects-api/v1/redirect-session', {
        auth: { authRequest: { clientId: app.app_id, redirectUri: app.redirect_urls[0],
            responseType: 'code', responseMode: 'query', codeChallengeMethod: 'S256',
            codeChallenge: 'x'.repeat(43), scope: 'offline_access', state: 's' } },
    }, authorized);
    const apiKey = 'IST.described';
    await control('POST /_fakewix/api-keys', { api_key: apiKey });
    const { access_token: visitor } = await wix('POST', '/oauth2/token',
        { clientId: app.app_id, grantType: 'anonymous' });
    await wix('POST', '/_api/iam/authentication/v2/sign-on',
        { loginId: { email: 'jane@example.com' } }, { authorization: `${visitor},${apiKey}` });
    await wix('GET', redirectSession.fullUrl.replace(fake.http, ''));
    const out = `/oauth2/logout?client_id=${app.app_id}`;
    await wix('GET', out);
    await wix('GET', `${out}&postFlowUrl=${encodeURIComponent(app.redirect_urls[0])}`);
}

async function useControlPlane() {
    await control('GET /_fakewix/health');
    await control('GET /_fakewix/openapi.json');
    const world = await control('POST /_fakewix/worlds', { world: 'described' });
    await control('POST /_fakewix/worlds', { no_such_wish: 1 });
    await control('GET /_fakewix/worlds');
    await control('DELETE /_fakewix/worlds/{}', undefined, world.world);
    await control('GET /_fakewix/clock');
    await control('PUT /_fakewix/clock', { mode: 'frozen' });
    await control('POST /_fakewix/clock/advance', { seconds: 1 });
    for (const [things, thing] of [['apps', app], ['sites', site]]) {
        await control(`GET /_fakewix/${things}`);
        await control(`POST /_fakewix/${things}`, thing);
    }
    await control('GET /_fakewix/instances');
    await control('POST /_fakewix/instances', instance);
    for (const call of ['uninstall', 'reinstall'])
        await control(`POST /_fakewix/instances/{}/${call}`, undefined, instance.instance_id);
    await control('GET /_fakewix/instances/{}/sign', undefined, instance.instance_id);
    await control('POST /_fakewix/instances/{}/sign', { expired: true }, instance.instance_id);
    await control('GET /_fakewix/api');
    await control('POST /_fakewix/api-keys', { api_key: 'IST.x' });
    await control('GET /_fakewix/api-keys');
    await control('POST /_fakewix/tokens/expire', { app_id: app.app_id });
    await control('POST /_fakewix/tokens/revoke', { app_id: app.app_id, kind: 'refresh' });
    const fault = { on: { route: 'POST /oauth2/token' }, do: { fault: 'status', status: 503 } };
    const { fault_id } = await control('POST /_fakewix/faults', fault);
    await control('GET /_fakewix/faults');
    await control('GET /_fakewix/faults/{}', undefined, fault_id);
    await control('DELETE /_fakewix/faults/{}', undefined, fault_id);
    await control('DELETE /_fakewix/faults/{}', undefined, 'f999');
    await control('DELETE /_fakewix/faults');
    await control('POST /_fakewix/journal/verify', { expect: [{ route: 'POST /oauth2/token' }] });
    await control('GET /_fakewix/lint');
    await control('DELETE /_fakewix/lint');
    const { events: [event] } = await control('POST /_fakewix/events', { event_type: 'AppInstalled',
        url: 'http://127.0.0.1:9/', delivery: { retry: false, wait_ms: 5000 } });
    await control('GET /_fakewix/events');
    await control('POST /_fakewix/events/{}/resend', undefined, event.event_id);
    await control('DELETE /_fakewix/events');
    for (const things of ['profile', 'lifetimes', 'config'])
        await control(`PUT /_fakewix/${things}`, await control(`GET /_fakewix/${things}`));
    await control('GET /_fakewix/snapshot');
    for (const table of ['routes', 'refusals', 'faults', 'grants', 'config'])
        await control('GET /_fakewix/tables/{}', undefined, table);
    await control('POST /_fakewix/reset');
}

test('it is a sound OpenAPI document', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(description));
    assert.ok(valid, JSON.stringify(errors, null, 1));
});

test('it has every route, and describes no other', async () => {
    const routes = await (await fetch(`${fake.control}/tables/routes`)).json();
    const names = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    for (const { method, path } of routes)
        if (method !== '*')
            assert.ok(operationOf(`${method} ${path}`), `${method} ${path} is missing`);
    for (const route of Object.keys(parts.operations))
        assert.ok(names.has(route), `fixtures/openapi describes ${route}, and there is no such route`);
});

test('what is exchanged is as described', async () => {
    await useWixPaths();
    noteJournal((await control('GET /_fakewix/journal')).entries);
    noteJournal((await (await fetch(`${agreeing.control}/journal`)).json()).entries);
    await useControlPlane();
    await control('DELETE /_fakewix/journal');
    assert.deepEqual([...new Set(wrong)], []);
    assert.ok(seen.size > 80, `only ${seen.size} kinds of exchanges`);
});

test('every described success was exchanged', () => {
    const missing = Object.entries(parts.operations).flatMap(([route, { answers }]) =>
        Object.keys(answers).map((status) => `${route} ${status}`)).filter((kind) => !seen.has(kind));
    assert.deepEqual(missing, []);
});
