// ApiKeyStrategy: a key of an account, for one of its sites.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as products from '@wix/auto_sdk_stores_products';
import { ApiKeyStrategy, createClient } from '@wix/sdk';
import { startFake } from './fake.mjs';

const fake = await startFake();
const apiKey = 'IST.a-key-of-this-test';

function clientOf(settings) {
    return createClient({ auth: ApiKeyStrategy(settings), modules: { products } });
}

test('a key opens the API of a site, without any token', async () => {
    const world = await fake.world();
    await world.call('POST', '/api-keys', { api_key: apiKey });
    const client = clientOf({ apiKey, siteId: world.siteId });
    assert.equal((await client.products.queryProducts().find()).items.length, 1);
    assert.deepEqual(await world.asked(),
        ['GET /stores-reader/v1/products/query-platformized ok']);
});

test('a key alone has no site, and an unknown key is nobody', async () => {
    const world = await fake.world();
    await world.call('POST', '/api-keys', { api_key: apiKey });
    const alone = clientOf({ apiKey, accountId: '0acc0000-0000-4000-8000-000000000001' });
    await assert.rejects(alone.products.queryProducts().find(),
        (error) => error.details.applicationError.description.includes('Metasite'));
    const unknown = clientOf({ apiKey: 'IST.unknown', siteId: world.siteId });
    await assert.rejects(unknown.products.queryProducts().find(),
        (error) => error.details.applicationError.code === 'UNAUTHENTICATED');
});
