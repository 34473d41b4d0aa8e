// The package as its users see it.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { connect, FakewixError, start } from '../index.js';

const program = process.env.FAKEWIX_BIN ?? 'fakewix';
const folder = mkdtempSync(join(tmpdir(), 'fakewix-node-'));
let fake, world;

before(async () => { fake = await start({ lint: 'off' }); });
after(async () => {
    await fake.stop();
    rmSync(folder, { recursive: true });
});
beforeEach(async () => { world = await fake.world({ clock: { now: '2030-01-01T00:00:00Z', mode: 'frozen' } }); });

function mint({ url, appId, appSecret, instanceId } = world) {
    return fetch(`${url}/oauth2/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
            grant_type: 'client_credentials', client_id: appId, client_secret: appSecret, instance_id: instanceId,
        }),
    });
}

// A process that is dead and not waited for is gone, too.
function isGone(pid) {
    try {
        return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
        return true;
    }
}

describe('start, connect, stop', () => {
    test('options reach the program', async () => {
        const config = { apps: [{ app_id: 'mine', app_secret: 's' }], sites: [{ site_id: 'x' }] };
        const mine = await start({
            config, seed: 5, clock: '2030-01-01T00:00:00Z!', workers: 4, args: ['--journal=2'],
            state: join(folder, 'state.db'),
        });
        const only = await mine.defaultWorld();
        assert.deepEqual([only.name, only.appId, only.appSecret, only.siteId, only.instanceId],
            ['default', 'mine', 's', 'x', null]);
        assert.equal((await only.clock.get()).now, '2030-01-01T00:00:00.000Z');
        for (let i = 0; i < 3; i++)
            await mint(only);
        assert.equal(await only.journal.count(), 2);
        assert.ok(existsSync(join(folder, 'state.db')));
        const end = await mine.stop();
        assert.equal(end.status, 0);
        assert.equal(await mine.stop(), end);
        assert.ok(isGone(mine.pid));
    });

    test('a bad start is an error that says why', async () => {
        await assert.rejects(start({ program: join(folder, 'nothing') }), /nothing did not start: .*ENOENT/);
        await assert.rejects(start({ clock: 'noon' }), /--clock takes a time/);
        await assert.rejects(start({ listen: fake.url.slice('http://'.length) }), FakewixError);
        await assert.rejects(start({ config: { aps: [] } }), /did you mean "apps"/);
    });

    test('a client that did wrong makes stop() reject where it was asked for', async () => {
        const strict = await start({ lint: 'fail' });
        await fetch(`${strict.url}/apps/v1/instance`);
        await assert.rejects(strict.stop(), (error) => error.status === 1 && /call-without-token/.test(error.message));
    });

    test('a fake that runs is found, with its token', async () => {
        const shut = await start({ controlToken: 's3cret' });
        await assert.rejects(connect(shut.url), { name: 'FakewixError', status: 401 });
        const found = await connect(`${shut.url}/`, { controlToken: 's3cret' });
        assert.equal((await (await found.world()).clock.get()).mode, 'real');
        assert.equal(await found.stop(), undefined);
        assert.equal((await found.health()).ready, true, 'it is not ours to stop');
        await shut.stop();
        await assert.rejects(connect(shut.url), FakewixError);
    });

    test('a unix socket does', async () => {
        const path = join(folder, 'socket');
        const local = await start({ listen: `unix:${path}` });
        assert.equal((await local.health()).ready, true);
        assert.equal((await (await connect(`unix:${path}`)).health()).ready, true);
        await local.stop();
    });

    test('nobody has to stop it: it goes with the process', () => {
        const script = `import { start } from ${JSON.stringify(new URL('../index.js', import.meta.url).href)};
            console.log((await start()).pid);`;
        const pid = Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
        const deadline = Date.now() + 10000;
        while (!isGone(pid)) // it was killed, which takes its moment
            assert.ok(Date.now() < deadline, 'the fake is still there');
    });

    test('it goes with the process that is killed as well', async () => {
        const script = `import { start } from ${JSON.stringify(new URL('../index.js', import.meta.url).href)};
            console.log((await start()).url); setInterval(() => {}, 1e6);`;
        const starter = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
        const url = String(await new Promise((resolve) => starter.stdout.once('data', resolve))).trim();
        assert.equal((await connect(url)).url, url);
        starter.kill('SIGKILL');
        const deadline = Date.now() + 10000;
        while (await fetch(`${url}/_fakewix/health`).then((answer) => answer.ok, () => false))
            assert.ok(Date.now() < deadline, 'the fake is still there');
    });
});

describe('worlds', () => {
    test('thirty-two at once keep apart', async () => {
        await Promise.all([...Array(32).keys()].map(async (i) => {
            const own = await fake.world({ clock: { now: '2030-01-01T00:00:00Z', mode: 'frozen' } });
            await own.clock.advance(i);
            for (let k = 0; k < i % 4; k++)
                assert.equal((await mint(own)).status, 200);
            assert.equal((await own.clock.get()).now_ms, Date.UTC(2030, 0, 1) + i * 1000);
            assert.equal(await own.journal.count(), i % 4);
            await own.delete();
        }));
    });

    test('they have names, are listed, reset and deleted', async () => {
        const named = await fake.world({ name: 'named' });
        assert.ok((await fake.worlds()).includes('named'));
        await mint(named);
        await named.reset();
        assert.equal(await named.journal.count(), 0);
        await assert.rejects(fake.world({ name: 'named' }), /already/);
        await named.delete();
        await assert.rejects(named.clock.get(), { status: 404 });
        const first = await fake.defaultWorld();
        assert.throws(() => first.delete(), /stays/);
    });

    test('config and snapshot are read and replaced whole', async () => {
        const config = await world.config();
        const more = { ...config, apps: [...config.apps, { app_id: 'more', app_secret: 's' }] };
        assert.equal((await world.loadConfig(more)).apps.length, 2);
        await assert.rejects(world.loadConfig({ apps: [{}] }), /app_id: is missing/);
        const snapshot = await world.snapshot();
        const copy = await fake.world({ snapshot });
        assert.equal(copy.appId, world.appId);
        assert.deepEqual((await copy.snapshot()).config, snapshot.config);
        await assert.rejects(copy.loadSnapshot({ ...snapshot, schema: 9 }), /schema/);
    });
});

describe('what a test does', () => {
    test('time is set, moved, frozen and run', async () => {
        assert.equal((await world.clock.advance(0.5)).now_ms, Date.UTC(2030, 0, 1) + 500);
        assert.equal((await world.clock.set(new Date('2031-02-03T04:05:06Z'))).now, '2031-02-03T04:05:06.000Z');
        assert.equal((await world.clock.set(0)).now_ms, 0);
        assert.equal((await world.clock.set('2030-01-01T00:00:00Z')).mode, 'frozen');
        assert.deepEqual(await world.clock.run(60).then(({ mode, rate }) => [mode, rate]), ['scaled', 60]);
        assert.equal((await world.clock.run()).mode, 'real');
        assert.equal((await world.clock.freeze()).mode, 'frozen');
    });

    test('faults are armed, hit, held, released and disarmed', async () => {
        const fault = await world.faults.next('POST /oauth2/token', { fault: 'status', status: 418 }, { times: 2 });
        assert.equal((await mint()).status, 418);
        assert.deepEqual((await fault.hits()).length, 1);
        await fault.disarm();
        assert.equal((await mint()).status, 200);
        const gate = await world.faults.next('POST /oauth2/token', 'hold');
        await assert.rejects(gate.waiting(1, 50), { name: 'AssertionError', actual: 0, expected: 1 });
        const held = mint();
        await gate.waiting();
        await gate.release();
        assert.equal((await held).status, 200);
        await world.faults.arm({ do: { fault: 'reset' } });
        assert.equal((await world.faults.list()).length, 2);
        await world.faults.clear();
        assert.deepEqual(await world.faults.list(), []);
        await assert.rejects(world.faults.next('GET /x', 'no-such'), /no-such/);
    });

    test('the journal is read, waited for and cleared', async () => {
        const waiting = world.journal.wait({ route: 'POST /oauth2/token', status: 200 }, { count: 2 });
        await mint();
        await mint();
        const entries = await waiting;
        assert.equal(entries.length, 2);
        assert.equal(entries[0].request.headers.some(([name]) => name.toLowerCase() === 'host'), true);
        await assert.rejects(world.journal.wait({ status: 500 }, { timeout: 20 }),
            { name: 'AssertionError', message: /1 exchanges should fit {"status":500} within 20 ms, 0 do/ });
        assert.equal((await world.journal.har()).log.entries.length, 2);
        await world.journal.clear();
        assert.equal(await world.journal.count(), 0);
    });

    test('an expectation that fails says what was seen, and what came nearest', async () => {
        await mint();
        await world.journal.expect({ expect: [{ route: 'POST /oauth2/token', count: 1 }] });
        await assert.rejects(world.journal.expect({ expect: [{ route: 'POST /oauth2/token', status: 401 }] }), {
            name: 'AssertionError',
            message: /expected at least 1, seen 0; nearest is entry 1: status "200", not "401"/,
        });
        assert.equal((await world.journal.verify({ absent: [{ status: 200 }] })).ok, false);
    });

    test('apps are installed, removed and signed for', async () => {
        const install = await world.install({ state: 'a b' });
        assert.match(install.callback_url, /[?&]state=a%20b/);
        assert.equal(install.instance_id, world.instanceId);
        assert.equal((await world.uninstall()).state, 'UNINSTALLED');
        assert.equal((await mint()).status, 400);
        await world.reinstall();
        assert.equal((await mint()).status, 200);
        assert.equal((await world.signInstance()).payload.instanceId, world.instanceId);
        await world.putApp({ app_id: 'more', app_secret: 's' });
        await world.putSite({ site_id: 'shop' });
        await world.putInstance({ instance_id: 'i', app_id: 'more', site_id: 'shop' });
        assert.deepEqual([(await world.apps()).length, (await world.sites()).length, (await world.instances()).length],
            [2, 2, 2]);
    });

    test('tokens are expired and revoked', async () => {
        const call = async (token) => (await fetch(`${world.url}/apps/v1/instance`, {
            headers: { Authorization: token },
        })).status;
        const { access_token: first } = await (await mint()).json();
        const { access_token: second } = await (await mint()).json();
        await world.expireTokens({ token: first });
        assert.deepEqual([await call(first), await call(second)], [401, 200]);
        await world.revokeTokens();
        assert.equal(await call(second), 401);
        assert.deepEqual(await world.journal.entries({ outcome: 'api-token-*' })
            .then((entries) => entries.map(({ outcome }) => outcome)), ['api-token-expired', 'api-token-revoked']);
    });

    test('lifetimes, profile, events and lint', async () => {
        assert.equal((await world.lifetimes({ code_s: 60 })).code_s, 60);
        assert.equal((await world.lifetimes()).code_s, 60);
        assert.equal((await world.profile({ rate_limit: 'on' })).rate_limit, 'on');
        assert.equal((await world.profile()).rate_limit, 'on');
        assert.deepEqual(await world.events(), []);
        assert.deepEqual(await world.lint(), []);
        await assert.rejects(world.call('GET', '/nothing'), { status: 404 });
    });

    test('a call can be given up', async () => {
        const giveUp = AbortSignal.timeout(30);
        await assert.rejects(world.call('GET', '/journal?wait_ms=60000', undefined, { signal: giveUp }), FakewixError);
    });
});

test('the types know every fault', () => {
    const types = readFileSync(new URL('../index.d.ts', import.meta.url), 'utf8');
    const [, union] = /type FaultName =\n([^;]*);/.exec(types);
    const known = [...union.matchAll(/'([^']+)'/g)].map(([, name]) => name);
    const table = JSON.parse(execFileSync(program, ['tables', 'faults', '--json'], { encoding: 'utf8' }));
    assert.deepEqual(known.sort(), table.map((row) => row.fault).sort(), 'FaultName in index.d.ts');
});
