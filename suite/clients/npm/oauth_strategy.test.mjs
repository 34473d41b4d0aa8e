// OAuthStrategy: visitors and members of a headless site.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as products from '@wix/auto_sdk_stores_products';
import { createClient, OAuthStrategy, TokenRole } from '@wix/sdk';
import { startFake } from './fake.mjs';

const fake = await startFake();
const apiKey = 'IST.a-key-of-this-test';

function clientOf(world, tokens) {
    return createClient({
        auth: OAuthStrategy({ clientId: world.appId, tokens }), modules: { products },
    });
}

async function grants(world) {
    return (await world.journal('?route=POST%20/oauth2/token')).map((entry) => entry.grant);
}

// A member logs in: the answer of the authorize page is where the browser goes.
async function logIn(world, client, responseMode) {
    const { apps: [app] } = await world.call('GET', '/apps');
    const data = client.auth.generateOAuthData(app.redirect_urls[0]);
    const { authUrl } = await client.auth.getAuthUrl(data, { prompt: 'login', responseMode });
    const page = await fetch(authUrl, { redirect: 'manual' });
    assert.equal(page.status, 302);
    const back = client.auth.parseFromUrl(page.headers.get('location'), responseMode);
    return { data, ...back };
}

test('a visitor gets tokens with the first call, and keeps them', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    for (let i = 0; i < 2; i++)
        assert.equal((await client.products.queryProducts().find()).items.length, 1);
    assert.deepEqual(await grants(world), ['anonymous']);
    const tokens = client.auth.getTokens();
    assert.match(tokens.accessToken.value, /^OauthNG\.JWS\./);
    assert.match(tokens.refreshToken.value, /^JWS\./);
    assert.equal(tokens.refreshToken.role, TokenRole.VISITOR);
    assert.equal(client.auth.loggedIn(), false);
});

test('a visitor who comes back after four hours refreshes', async () => {
    const world = await fake.world();
    const tokens = await clientOf(world).auth.generateVisitorTokens();
    await world.advance(14400);
    const old = { ...tokens, accessToken: { ...tokens.accessToken, expiresAt: 0 } };
    const client = clientOf(world, old);
    assert.equal((await client.products.queryProducts().find()).items.length, 1);
    assert.deepEqual(await grants(world), ['anonymous', 'refresh_token']);
    assert.equal(client.auth.getTokens().refreshToken.value, tokens.refreshToken.value);
});

test('a refresh that fails names its reason, and the SDK starts a new visitor', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    const refreshToken = { value: 'JWS.nothing', role: TokenRole.VISITOR };
    await assert.rejects(client.auth.renewToken(refreshToken),
        /Bad Request\. request id: \d+\.\d+\. Response: {"error":"invalid_grant"/);
    const tokens = await client.auth.generateVisitorTokens({ refreshToken });
    assert.notEqual(tokens.refreshToken.value, refreshToken.value);
    assert.deepEqual(await grants(world), ['refresh_token', 'refresh_token', 'anonymous']);
});

test('a client id that is no GUID is told so', async () => {
    const world = await fake.world();
    const auth = OAuthStrategy({ clientId: 'headless-1' });
    await assert.rejects(auth.generateVisitorTokens(), /appId is not a valid GUID/);
    assert.deepEqual(await world.asked(), ['POST /oauth2/token token-client-form']);
});

for (const responseMode of ['fragment', 'query']) {
    test(`a member logs in, response mode ${responseMode}`, async () => {
        const world = await fake.world();
        const client = clientOf(world);
        const { data, code, state } = await logIn(world, client, responseMode);
        const tokens = await client.auth.getMemberTokens(code, state, data);
        client.auth.setTokens(tokens);
        assert.equal(client.auth.loggedIn(), true);
        assert.equal((await client.products.queryProducts().find()).items.length, 1);
        const renewed = await client.auth.renewToken(tokens.refreshToken);
        assert.notEqual(renewed.accessToken.value, tokens.accessToken.value);
        assert.deepEqual(await grants(world), ['anonymous', 'authorization_code', 'refresh_token']);
    });
}

test('a code is of no use without its verifier, nor twice', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    const { data, code, state } = await logIn(world, client, 'fragment');
    const other = { ...client.auth.generateOAuthData(data.redirectUri), state };
    await assert.rejects(client.auth.getMemberTokens(code, state, other), /"error":"invalid_grant"/);
    await client.auth.getMemberTokens(code, state, data);
    await assert.rejects(client.auth.getMemberTokens(code, state, data), /"error":"invalid_grant"/);
});

test('a member logs out', async () => {
    const world = await fake.world();
    const client = clientOf(world);
    const { data, code, state } = await logIn(world, client, 'fragment');
    client.auth.setTokens(await client.auth.getMemberTokens(code, state, data));
    const { logoutUrl } = await client.auth.logout(data.redirectUri);
    const page = await fetch(logoutUrl, { redirect: 'manual' });
    assert.equal(page.headers.get('location'), data.redirectUri);
    assert.equal(client.auth.loggedIn(), false);
});

test('a backend signs a member on, and has a session for the tokens', async () => {
    const world = await fake.world();
    await world.call('POST', '/api-keys', { api_key: apiKey });
    const client = clientOf(world);
    client.auth.setTokens(await client.auth.generateVisitorTokens());
    const signOn = (email, key) =>
        client.auth.getMemberTokensForExternalLoginWithSession(email, key);
    client.auth.setTokens(await signOn('jane@example.com', apiKey));
    assert.equal(client.auth.loggedIn(), true);
    assert.equal((await client.products.queryProducts().find()).items.length, 1);
    assert.deepEqual(await grants(world), ['anonymous', 'authorized_client']);
    await assert.rejects(signOn('jane@example.com', 'IST.wrong'), /UNAUTHENTICATED/);
});

test('a backend logs a member in by its own means', async () => {
    const world = await fake.world();
    await world.call('POST', '/api-keys', { api_key: apiKey });
    const client = clientOf(world);
    client.auth.setTokens(await client.auth.generateVisitorTokens());
    const memberId = 'c0ffee00-0000-4000-8000-000000000001';
    const tokens = await client.auth.getMemberTokensForExternalLogin(memberId, apiKey);
    client.auth.setTokens(tokens);
    assert.equal((await client.products.queryProducts().find()).items.length, 1);
    assert.deepEqual(await grants(world), ['anonymous', 'authorized_client']);
    await assert.rejects(client.auth.getMemberTokensForExternalLogin(memberId, 'IST.wrong'),
        /"error":"/);
});
