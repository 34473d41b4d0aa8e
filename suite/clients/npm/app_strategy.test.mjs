// Wix's own SDK, unmodified, as an app's back end uses it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as appInstances from '@wix/auto_sdk_app-management_app-instances';
import * as biEvents from '@wix/auto_sdk_app-management_bi-events';
import * as products from '@wix/auto_sdk_stores_products';
import { AppStrategy, createClient } from '@wix/sdk';
import { startFake } from './fake.mjs';
import { routeUrl } from './preload.mjs';

const fake = await startFake();

function clientOf(world, more) {
    return createClient({
        auth: AppStrategy({ ...world.credentials, ...more }),
        modules: { appInstances, biEvents, products },
    });
}

test('an instance id gets a token by client credentials, once for many calls', async () => {
    const world = await fake.world();
    const client = clientOf(world, { instanceId: world.instanceId });
    const { instance, site } = await client.appInstances.getAppInstance();
    assert.equal(instance.instanceId, world.instanceId);
    assert.equal(site.siteId, world.siteId);
    await client.appInstances.getAppInstance();
    assert.deepEqual(await world.asked(), [
        'POST /oauth2/token ok', 'GET /apps/v1/instance ok', 'GET /apps/v1/instance ok',
    ]);
    const [exchange] = await world.journal('?route=POST%20/oauth2/token');
    assert.equal(exchange.grant, 'client_credentials');
    assert.equal(exchange.instance_id, world.instanceId);
});

test('a BI event ends the setup', async () => {
    const world = await fake.world();
    const client = clientOf(world, { instanceId: world.instanceId });
    const states = async () => (await world.call('GET', '/instances')).instances.map((i) => i.state);
    await client.biEvents.sendBiEvent({ eventName: 'APP_FINISHED_CONFIGURATION' });
    assert.deepEqual(await states(), ['ACTIVE']);
});

test('products are queried', async () => {
    const world = await fake.world();
    const client = clientOf(world, { instanceId: world.instanceId });
    const { items } = await client.products.queryProducts().limit(2).find();
    assert.equal(items.length, 1);
    assert.ok(items[0].name);
});

test('the callback of an installation is exchanged, and its refresh token used', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    const { callback_url: callback } = await world.install({ state: 'of this visit' });
    const tokens = await client.auth.handleOAuthCallback(callback, { state: 'of this visit' });
    assert.equal(tokens.instanceId, world.instanceId);
    assert.match(tokens.accessToken, /^OAUTH2\./);
    assert.match(tokens.refreshToken, /^OAUTH2\./);
    const { instance } = await client.appInstances.getAppInstance();
    assert.equal(instance.instanceId, world.instanceId);
    assert.deepEqual(await world.asked(), [
        'POST /oauth/access ok', 'POST /oauth/access ok', 'GET /apps/v1/instance ok',
    ]);
    assert.deepEqual((await world.journal('?route=POST%20/oauth/access')).map((e) => e.grant),
        ['authorization_code', 'refresh_token']);
});

test('a callback with a foreign state is refused before any request', async () => {
    const world = await fake.world();
    const { callback_url: callback } = await world.install({ state: 'mine' });
    await assert.rejects(clientOf(world).auth.handleOAuthCallback(callback, { state: 'other' }),
        /Expected state to be "other" but got "mine"/);
    assert.deepEqual(await world.asked(), []);
});

test('a code is exchanged once, and not after ten minutes', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    const first = await world.install();
    await client.auth.handleOAuthCallback(first.callback_url);
    await assert.rejects(client.auth.handleOAuthCallback(first.callback_url),
        /Unexpected status code from Wix OAuth API: 400, request id: \d+\.\d+/);
    const second = await world.install();
    await world.advance(600);
    await assert.rejects(client.auth.handleOAuthCallback(second.callback_url), /400/);
    assert.deepEqual((await world.journal()).map((e) => e.outcome),
        ['ok', 'code-reused', 'code-expired']);
});

test('a stored refresh token gets a new access token for each call', async () => {
    const world = await fake.world();
    const { callback_url: callback } = await world.install();
    const { refreshToken } = await clientOf(world).auth.handleOAuthCallback(callback);
    const client = clientOf(world, { refreshToken });
    await client.appInstances.getAppInstance();
    await world.advance(301);
    await client.appInstances.getAppInstance();
    assert.deepEqual((await world.asked()).slice(1), [
        'POST /oauth/access ok', 'GET /apps/v1/instance ok',
        'POST /oauth/access ok', 'GET /apps/v1/instance ok',
    ]);
});

test('token info knows a refresh token', async () => {
    const world = await fake.world();
    const { callback_url: callback } = await world.install();
    const { refreshToken } = await clientOf(world).auth.handleOAuthCallback(callback);
    const info = await clientOf(world, { refreshToken }).auth.getTokenInfo();
    assert.equal(info.active, true);
    assert.equal(info.subjectType, 'APP');
    assert.equal(info.clientId, world.appId);
    assert.equal(info.siteId, world.siteId);
    assert.equal(info.instanceId, world.instanceId);
});

test('the install URL leads through consent to a callback the SDK takes', async () => {
    const world = await fake.world();
    const app = (await world.call('GET', '/apps')).apps[0];
    const client = clientOf(world);
    const url = client.auth.getInstallUrl({ redirectUrl: app.redirect_urls[0], state: 'a b&c' });
    const page = await fetch(url);
    assert.equal(page.status, 200);
    const fields = new URLSearchParams(new URL(url).search);
    fields.set('decision', 'agree');
    fields.set('siteId', world.siteId);
    const decided = await fetch(routeUrl('https://www.wix.com/installer/install'), {
        method: 'POST', body: fields, redirect: 'manual',
    });
    assert.equal(decided.status, 302);
    const tokens = await client.auth.handleOAuthCallback(decided.headers.get('location'),
        { state: 'a b&c' });
    assert.equal(tokens.instanceId, world.instanceId);
});

test('a wrong secret fails with the status and the request id', async () => {
    const world = await fake.world();
    const auth = AppStrategy({ ...world.credentials, appSecret: 'wrong', instanceId: world.instanceId });
    const [failure] = await Promise.allSettled([auth.getAuthHeaders()]);
    const [exchange] = await world.journal();
    assert.equal(failure.reason.message, 'Failed to exchange instance ID for access token. ' +
        `Unexpected status code from Wix OAuth API: 401, request id: ${exchange.request_id}`);
    assert.equal(exchange.outcome, 'token-secret-wrong');
});

test('a refusal of the API arrives with code and request id', async () => {
    const world = await fake.world();
    const client = clientOf(world, { instanceId: world.instanceId });
    await client.appInstances.getAppInstance();
    await world.call('POST', '/tokens/revoke', { instance_id: world.instanceId, kind: 'access' });
    const [failure] = await Promise.allSettled([client.appInstances.getAppInstance()]);
    assert.equal(failure.status, 'rejected');
    assert.equal(failure.reason.details.applicationError.code, 'UNAUTHENTICATED');
    const last = (await world.journal()).at(-1);
    assert.equal(last.outcome, 'api-token-revoked');
    assert.equal(failure.reason.requestId, last.request_id);
});
