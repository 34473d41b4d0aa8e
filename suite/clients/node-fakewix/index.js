// fakewix for tests in Node: start the fake, or find one that runs, and steer its worlds.
import { call, FakewixError } from './call.js';
import { spawnFake } from './process.js';
import { World } from './world.js';

export { FakewixError };

function firstIds(config) {
    return {
        app_id: config.apps[0]?.app_id,
        app_secret: config.apps[0]?.app_secret,
        instance_id: config.instances[0]?.instance_id,
        site_id: config.sites[0]?.site_id,
    };
}

class Fake {
    #target;
    #program;
    #stopped;

    constructor(target, urls, program) {
        this.#target = target;
        this.#program = program;
        this.url = urls.http ?? null;
        this.httpsUrl = urls.https ?? null;
        this.ca = urls.ca ?? null;
        this.pid = urls.pid ?? null;
    }

    // The world that is there without anybody making it.
    async defaultWorld() {
        const config = await call(this.#target, 'GET', '/config');
        const made = { world: 'default', http: this.url, https: this.httpsUrl, ...firstIds(config) };
        return new World(this.#target, made, true);
    }

    // A world of its own for a test: {name, config, clock, seed, ttl_s, snapshot}, all optional.
    async world({ name, snapshot, ...wish } = {}) {
        const made = await call(this.#target, 'POST', '/worlds', { world: name, ...wish });
        const world = new World(this.#target, snapshot ? { ...made, ...firstIds(snapshot.config) } : made, false);
        if (snapshot)
            await world.loadSnapshot(snapshot);
        return world;
    }

    async worlds() {
        return (await call(this.#target, 'GET', '/worlds')).worlds.map(({ world }) => world);
    }

    health() {
        return call(this.#target, 'GET', '/health');
    }

    // Any call of docs/CONTROL-API.md.
    call(method, path, body, options) {
        return call(this.#target, method, path, body, options);
    }

    // End the program. It ends well, or the promise is rejected with what it said: a sanitizer's
    // finding, a client's mistake with --lint=fail.
    stop() {
        this.#stopped ??= this.#program ? this.#end() : Promise.resolve();
        return this.#stopped;
    }

    async #end() {
        const end = await this.#program.stop();
        if (end.status !== 0)
            throw new FakewixError(`the fake ended with ${end.signal ?? end.status}: ${end.stderr.trim()}`,
                { status: end.status });
        return end;
    }

    [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
        return this.stop();
    }
}

function targetOf(control, token) {
    const [, socketPath] = /^unix:(.*)\/_fakewix$/.exec(control) ?? [];
    return { url: socketPath ? 'http://localhost/_fakewix' : control, socketPath, token };
}

// Start `fakewix serve`: on any free port, unless `listen` says otherwise.
export async function start(wish = {}) {
    const program = await spawnFake(wish);
    const { ready } = program;
    const fake = new Fake(targetOf(ready.control, wish.controlToken), ready, program);
    if (!wish.config)
        return fake;
    try {
        await fake.call('PUT', '/config', wish.config);
    } catch (error) {
        await program.stop();
        throw error;
    }
    return fake;
}

// Use a fake that runs already: one that CI started, say.
export async function connect(url, { controlToken } = {}) {
    const base = url.replace(/\/+$/, '');
    const fake = new Fake(targetOf(`${base}/_fakewix`, controlToken), { http: base });
    await fake.health();
    return fake;
}
