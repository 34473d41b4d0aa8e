// oauth4webapi does what RFC 6749 says and nothing else: it gets along with /oauth2/token, and must
// refuse /oauth/access, whose answers have no token_type (docs/FIDELITY.md).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { startFake } from './fake.mjs';

const fake = await startFake();
const plain = { [oauth.allowInsecureRequests]: true };

function serverOf(world, path) {
    return { issuer: world.base, token_endpoint: world.base + path };
}

function askForToken(world, secret = world.appSecret) {
    return oauth.clientCredentialsGrantRequest(serverOf(world, '/oauth2/token'),
        { client_id: world.appId }, oauth.ClientSecretPost(secret),
        { instance_id: world.instanceId }, plain);
}

test('client credentials: the answer is what the RFC asks for', async () => {
    const world = await fake.world();
    const answer = await oauth.processClientCredentialsResponse(
        serverOf(world, '/oauth2/token'), { client_id: world.appId }, await askForToken(world));
    assert.equal(answer.token_type, 'bearer');
    assert.equal(answer.expires_in, 14400);
    const probe = await oauth.protectedResourceRequest(answer.access_token, 'GET',
        new URL(`${world.base}/apps/v1/instance`), undefined, undefined, plain);
    assert.equal(probe.status, 200);
    assert.equal((await probe.json()).instance.instanceId, world.instanceId);
});

test('a wrong secret is the error invalid_client', async () => {
    const world = await fake.world();
    await assert.rejects(async () => oauth.processClientCredentialsResponse(
        serverOf(world, '/oauth2/token'), { client_id: world.appId },
        await askForToken(world, 'wrong')),
    (problem) => problem instanceof oauth.ResponseBodyError && problem.error === 'invalid_client' &&
        problem.status === 401);
});

// The library sends a form, as the RFC has it; the profile lets /oauth/access take it.
test('the answer of /oauth/access is refused, for want of a token_type', async () => {
    const world = await fake.world();
    const { callback_url: callback } = await world.install({ state: 'state-1' });
    const server = serverOf(world, '/oauth/access');
    const client = { client_id: world.appId };
    const url = new URL(callback);
    const parameters = oauth.validateAuthResponse(server, client, url, 'state-1');
    const exchange = () => oauth.authorizationCodeGrantRequest(server, client,
        oauth.ClientSecretPost(world.appSecret), parameters, url.origin + url.pathname,
        oauth.nopkce, plain);
    assert.equal((await exchange()).status, 400);
    await world.call('PUT', '/profile', { access_form_bodies: 'accept' });
    const answer = await exchange();
    assert.equal(answer.status, 200);
    await assert.rejects(oauth.processAuthorizationCodeResponse(server, client, answer),
        /"token_type" property must be a string/);
});
