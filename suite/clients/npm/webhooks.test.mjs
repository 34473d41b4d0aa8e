// Webhooks and service plugins as Wix's SDK takes them: signed rightly, and in every wrong way.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import * as appInstances from '@wix/auto_sdk_app-management_app-instances';
import { AppStrategy, createClient } from '@wix/sdk';
import { startFake } from './fake.mjs';

const fake = await startFake();
const publicKey = readFileSync(
    new URL('../../../fixtures/keys/webhook-public.pem', import.meta.url), 'utf8');

// The app: what answer() makes of each request is what the fake gets.
let answer;
const app = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const [status, content] = await answer(new Request(`http://app${request.url}`, {
        method: 'POST', headers: request.headers, body,
    }));
    response.writeHead(status, { 'content-type': 'application/json' }).end(content);
});
await new Promise((listening) => app.listen(0, '127.0.0.1', listening));
const url = `http://127.0.0.1:${app.address().port}/webhook`;
app.unref(); // a server that listens would keep the file from ending

function clientOf(world, key = publicKey) {
    return createClient({
        auth: AppStrategy({ ...world.credentials, publicKey: key }),
        modules: { appInstances },
    });
}

// Send one event, and give what the client made of it: the result, or the error.
async function send(world, client, event, delivery = {}) {
    let outcome;
    answer = async (request) => {
        outcome = await client.webhooks.processRequest(request).catch((error) => error);
        return outcome instanceof Error ? [400, ''] : [200, ''];
    };
    await world.call('POST', '/events', {
        url, ...event, delivery: { retry: false, wait_ms: 10000, ...delivery },
    });
    return outcome;
}

test('an installation arrives at its handler, with instance and identity', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    const heard = [];
    client.appInstances.onAppInstanceInstalled((event) => heard.push(event));
    const result = await send(world, client, { event_type: 'AppInstalled' });
    assert.equal(result.eventType, 'AppInstalled');
    assert.equal(result.instanceId, world.instanceId);
    assert.equal(heard.length, 1);
    assert.equal(heard[0].data.appId, world.appId);
    assert.equal(heard[0].metadata.instanceId, world.instanceId);
    assert.equal(heard[0].metadata.identity.identityType, 'WIX_USER');
    const [exchange] = await world.journal();
    assert.equal(exchange.route, 'WEBHOOK AppInstalled');
    assert.equal(exchange.outcome, 'ok');
});

const events = [
    'AppInstalled', 'AppRemoved', 'PaidPlanPurchased', 'PaidPlanChanged',
    'PaidPlanAutoRenewalCancelled', 'PlanConvertedToPaid', 'PlanReactivated', 'PlanTransferred',
];

for (const type of events) {
    test(`${type} is taken with the data the fake gives it`, async () => {
        const world = await fake.world();
        const client = clientOf(world);
        const heard = [];
        for (const [name, register] of Object.entries(client.appInstances))
            if (name.startsWith('onAppInstance'))
                register((event) => heard.push(event));
        const result = await send(world, client, { event_type: type });
        assert.equal(result.eventType, type);
        assert.equal(heard.length, 1);
        assert.equal(heard[0].metadata.instanceId, world.instanceId);
        for (const [name, value] of Object.entries(heard[0].data))
            if (value instanceof Date)
                assert.ok(value.getTime() > 0, `${name} is no time`);
    });
}

test('the key may be base64 of the PEM', async () => {
    const world = await fake.world();
    const client = clientOf(world, Buffer.from(publicKey).toString('base64'));
    const result = await send(world, client, { event_type: 'AppRemoved' });
    assert.equal(result.eventType, 'AppRemoved');
});

test('the events of an app that goes and comes back are sent by themselves', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    const { apps: [settings] } = await world.call('GET', '/apps');
    await world.call('POST', '/apps', { ...settings, webhook_url: url });
    const heard = [];
    answer = async (request) => {
        heard.push((await client.webhooks.processRequest(request)).eventType);
        return [200, ''];
    };
    await world.call('POST', `/instances/${world.instanceId}/uninstall`);
    await world.install();
    await world.call('GET', '/events?wait_ms=10000');
    assert.deepEqual(heard.sort(), ['AppInstalled', 'AppRemoved']);
});

test('an event nobody registered for is an error', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    client.appInstances.onAppInstanceInstalled(() => {});
    assert.match((await send(world, client, { event_type: 'AppRemoved' })).message,
        /Unexpected event type: AppRemoved/);
});

const refusals = [
    ['wrong-key', /signature verification failed/],
    ['expired', /"exp" claim timestamp check failed/],
    ['hs256', /Key.*must be|algorithm|Uint8Array/i],
    ['none', /alg|Unsupported/i],
    ['tampered', /signature verification failed/],
];

for (const [sign, message] of refusals) {
    test(`a webhook signed "${sign}" is refused`, async () => {
        const world = await fake.world();
        const outcome = await send(world, clientOf(world), { event_type: 'AppInstalled' }, { sign });
        assert.ok(outcome instanceof Error, 'it was taken');
        assert.match(outcome.message, message);
        assert.equal((await world.journal())[0].outcome, 'webhook-status');
    });
}

// An RSA key without a list of algorithms verifies both (docs/FIDELITY.md).
test('a webhook signed with PS256 is taken', async () => {
    const world = await fake.world();
    const outcome = await send(world, clientOf(world), { event_type: 'AppInstalled' },
        { sign: 'ps256' });
    assert.equal(outcome.eventType, 'AppInstalled');
});

// A plugin in the form that Wix's generated packages have.
const rates = {
    __type: 'service-plugin-definition',
    componentType: 'ECOM_SHIPPING_RATES',
    methods: [{
        name: 'getRates',
        primaryHttpMappingPath: '/v1/getRates',
        transformations: { fromREST: ({ request, metadata }) => ({ request, metadata }),
                           toREST: (result) => result },
    }],
};

async function callPlugin(world, client, more = {}) {
    const { apps: [settings] } = await world.call('GET', '/apps');
    const base = url.replace('/webhook', '/plugins');
    await world.call('POST', '/apps', {
        ...settings, service_plugins: [{ type: 'ECOM_SHIPPING_RATES', url: base }],
    });
    let failure;
    answer = async (request) => {
        try {
            const response = await client.servicePlugins.processRequest(request);
            return [response.status, await response.text()];
        } catch (error) {
            failure = error;
            return [500, ''];
        }
    };
    const got = await world.call('POST', '/service-plugins/call', {
        type: 'ECOM_SHIPPING_RATES', path: '/v1/getRates', request: { weight: 3 }, ...more,
    });
    return { ...got, failure };
}

test('a service plugin gets the request and the instance, and its answer comes back', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    client.use(rates)({
        getRates: ({ request, metadata }) =>
            ({ shippingRates: [{ code: String(request.weight), instance: metadata.instanceId }] }),
    });
    const { status, body } = await callPlugin(world, client);
    assert.equal(status, 200);
    const answered = typeof body === 'string' ? JSON.parse(body) : body;
    assert.deepEqual(answered, { shippingRates: [{ code: '3', instance: world.instanceId }] });
});

test('a service plugin request for another app, or with a wrong key, is refused', async () => {
    const world = await fake.world();
    const other = await fake.world();
    const foreign = await callPlugin(world, clientOf(other));
    assert.match(foreign.failure.message, /"aud" claim/);
    const forged = await callPlugin(world, clientOf(world), { sign: 'wrong-key' });
    assert.match(forged.failure.message, /signature verification failed/);
});
