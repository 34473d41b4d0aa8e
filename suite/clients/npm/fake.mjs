// A fake of one's own for a test file, and a world of one's own for a test: the package for Node, with
// the few words that these tests have in common.
import { after } from 'node:test';
import { start } from '../node-fakewix/index.js';

// Start the fake; it is stopped when the file's tests are over, and its exit status is then a test
// too: a sanitizer that found something shows there.
export async function startFake(...args) {
    const program = process.env.FAKEWIX_BIN ?? 'build/debug/bin/fakewix';
    const fake = await start({ program, args, lint: 'off', stderr: 'inherit' });
    after(() => fake.stop());
    return new Fake(fake);
}

class Fake {
    constructor(fake) {
        this.fake = fake;
        this.http = fake.url;
        this.control = `${fake.url}/_fakewix`;
    }

    // A fresh world. From now on it is the one that Wix's hosts lead to.
    async world({ world: name, ...wish } = {}) {
        return new World(await this.fake.world({ name, ...wish })).use();
    }
}

class World {
    constructor(world) {
        const { name, url: base, appId, appSecret, instanceId, siteId } = world;
        Object.assign(this, { world, name, base, appId, appSecret, instanceId, siteId });
    }

    use() {
        for (const name of ['WIX_API_BASE', 'WIX_AUTH_BASE', 'WIX_INSTALL_BASE'])
            process.env[name] = this.base;
        return this;
    }

    get credentials() {
        return { appId: this.appId, appSecret: this.appSecret };
    }

    call(method, path, body) {
        return this.world.call(method, path, body);
    }

    advance(seconds) {
        return this.world.clock.advance(seconds);
    }

    install(settings = {}) {
        return this.call('POST', '/installs', {
            app_id: this.appId, site_id: this.siteId, ...settings,
        });
    }

    async journal(query = '') {
        return (await this.call('GET', `/journal${query}`)).entries;
    }

    // What was asked, in order: "POST /oauth2/token ok".
    async asked() {
        return (await this.journal()).map((entry) => `${entry.route} ${entry.outcome}`);
    }
}
