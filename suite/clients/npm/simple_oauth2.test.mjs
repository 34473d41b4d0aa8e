// simple-oauth2 takes whatever a token service answers: with JSON bodies it does both of Wix's
// flows, and cannot know when a token of /oauth/access ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import { startFake } from './fake.mjs';

const fake = await startFake();

function configOf(world, tokenPath, bodyFormat) {
    return {
        client: { id: world.appId, secret: world.appSecret },
        auth: { tokenHost: world.base, tokenPath: new URL(world.base).pathname + tokenPath },
        options: { authorizationMethod: 'body', bodyFormat },
    };
}

async function callApi(world, token) {
    const answer = await fetch(`${world.base}/apps/v1/instance`, {
        headers: { authorization: `Bearer ${token.access_token}` },
    });
    return answer.status;
}

for (const bodyFormat of ['json', 'form']) {
    test(`client credentials, as ${bodyFormat}`, async () => {
        const world = await fake.world();
        const client = new ClientCredentials(configOf(world, '/oauth2/token', bodyFormat));
        const token = await client.getToken({ instance_id: world.instanceId });
        assert.equal(token.token.token_type, 'Bearer');
        assert.equal(token.expired(), false);
        assert.equal(token.expired(14401), true);
        assert.equal(await callApi(world, token.token), 200);
    });
}

test('a code, and then a refresh with the same refresh token', async () => {
    const world = await fake.world();
    const { code } = await world.install();
    const client = new AuthorizationCode(configOf(world, '/oauth/access', 'json'));
    const first = await client.getToken({ code, redirect_uri: 'https://app.example.com/login' });
    assert.equal(await callApi(world, first.token), 200);
    assert.equal(first.token.expires_in, undefined);
    await world.advance(300);
    assert.equal(await callApi(world, first.token), 401);
    const second = await first.refresh();
    assert.equal(second.token.refresh_token, first.token.refresh_token);
    assert.equal(await callApi(world, second.token), 200);
});

test('a form at /oauth/access is refused', async () => {
    const world = await fake.world();
    const { code } = await world.install();
    const client = new AuthorizationCode(configOf(world, '/oauth/access', 'form'));
    await assert.rejects(client.getToken({ code }), (problem) => problem.output.statusCode === 400);
    assert.deepEqual(await world.asked(), ['POST /oauth/access access-form-body']);
});
