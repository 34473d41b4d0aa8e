// A fake of one's own for a test file, and a world of one's own for a test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after } from 'node:test';

async function call(base, method, path, body) {
    const answer = await fetch(base + path, {
        method,
        headers: { 'Content-Type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok)
        throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
}

// Start `fakewix serve` on a free port; it is stopped when the file's tests are over, and its exit
// status is then a test too: a sanitizer that found something shows there.
export async function startFake(...options) {
    const program = process.env.FAKEWIX_BIN ?? 'build/debug/bin/fakewix';
    const fixed = ['serve', '--quiet', '--lint', 'off', '--listen', '127.0.0.1:0'];
    const child = spawn(program, [...fixed, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    const line = await Promise.race([
        once(createInterface(child.stdout), 'line'),
        exit.then(([status]) => { throw new Error(`${program} ended with ${status}`); }),
    ]);
    process.on('exit', () => child.kill());
    child.unref();
    child.stdout.unref();
    after(async () => {
        child.ref();
        child.kill('SIGTERM');
        const [status] = await exit;
        if (status !== 0)
            throw new Error(`the fake ended with ${status}`);
    });
    return new Fake(JSON.parse(line[0]));
}

class Fake {
    constructor(ready) {
        this.http = ready.http;
        this.control = ready.control;
    }

    // A fresh world. From now on it is the one that Wix's hosts lead to.
    async world(settings = {}) {
        const made = await call(this.control, 'POST', '/worlds', settings);
        return new World(made, this.http + made.control).use();
    }
}

class World {
    constructor(made, control) {
        Object.assign(this, {
            name: made.world,
            appId: made.app_id,
            appSecret: made.app_secret,
            instanceId: made.instance_id,
            siteId: made.site_id,
            base: made.http,
            control,
        });
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
        return call(this.control, method, path, body);
    }

    advance(seconds) {
        return this.call('POST', '/clock/advance', { seconds });
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
