// AppStrategy with the access token of a page, raised to the app's own rights, and with nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as appInstances from '@wix/auto_sdk_app-management_app-instances';
import { AppStrategy, createClient } from '@wix/sdk';
import { startFake } from './fake.mjs';

const fake = await startFake();
const modules = { appInstances };

// What a page of the app inside Wix would hand to its backend.
async function pageToken(world) {
    const auth = AppStrategy({ ...world.credentials, instanceId: world.instanceId });
    const { headers } = await auth.getAuthHeaders();
    await world.call('DELETE', '/journal');
    return headers.Authorization;
}

test("a page's access token is exchanged for one of the backend's, once", async () => {
    const world = await fake.world();
    const accessToken = await pageToken(world);
    const client = createClient({
        auth: AppStrategy({ ...world.credentials, accessToken }), modules,
    });
    for (let i = 0; i < 2; i++) {
        const { instance } = await client.appInstances.getAppInstance();
        assert.equal(instance.instanceId, world.instanceId);
    }
    assert.deepEqual(await world.asked(), [
        'POST /oauth2/token ok', 'GET /apps/v1/instance ok', 'GET /apps/v1/instance ok',
    ]);
    const [exchange, call] = await world.journal();
    assert.equal(exchange.grant, 'strip_bound_session');
    const sent = Object.fromEntries(
        call.request.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.notEqual(sent.authorization, accessToken);
});

test("a page's access token is of no use with another app's secret", async () => {
    const world = await fake.world();
    const accessToken = await pageToken(world);
    const auth = AppStrategy({ ...world.credentials, appSecret: 'wrong', accessToken });
    await assert.rejects(auth.getAuthHeaders(), /Failed to get unbound token.*401/);
});

test("elevation finds the instance of a page's access token", async () => {
    const world = await fake.world();
    const accessToken = await pageToken(world);
    const auth = AppStrategy({ ...world.credentials, accessToken });
    const client = createClient({ auth: await auth.elevated(), modules });
    const { instance } = await client.appInstances.getAppInstance();
    assert.equal(instance.instanceId, world.instanceId);
    assert.deepEqual(await world.asked(), [
        'POST /oauth2/token-info ok', 'POST /oauth2/token ok', 'GET /apps/v1/instance ok',
    ]);
    assert.equal((await world.journal())[1].grant, 'client_credentials');
});

test("elevation refuses the token of another app, and one that is dead", async () => {
    const world = await fake.world();
    const other = await fake.world();
    world.use();
    const foreign = await pageToken(world);
    other.use();
    await assert.rejects(AppStrategy({ ...other.credentials, accessToken: foreign }).elevated(),
        /not issued for the app/);
    world.use();
    await world.advance(14400);
    await assert.rejects(AppStrategy({ ...world.credentials, accessToken: foreign }).elevated(),
        /not issued for the app/);
});

test('token info says what an access token is', async () => {
    const world = await fake.world();
    const accessToken = await pageToken(world);
    const info = await AppStrategy({ ...world.credentials, accessToken }).getTokenInfo();
    assert.equal(info.active, true);
    assert.equal(info.instanceId, world.instanceId);
    assert.equal(Number(info.exp) - Number(info.iat), 14400);
});

test('without any of them the SDK asks nobody', async () => {
    const world = await fake.world();
    await assert.rejects(AppStrategy(world.credentials).getAuthHeaders(),
        /Missing refresh token or instance ID/);
    assert.deepEqual(await world.asked(), []);
});
