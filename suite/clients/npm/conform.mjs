// Wix's SDK through the exec contract of docs/CLIENT-CONTRACT.md: exit 0 all calls succeeded,
// 1 the SDK reported an error, 77 this is not what it can do.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { AppStrategy, createClient } from '@wix/sdk';
import { routeUrl } from './preload.mjs';

const env = process.env;
if (!['api', 'install'].includes(env.CONFORM_OP))
    process.exit(77);

const client = createClient({
    auth: AppStrategy({
        appId: env.WIX_APP_ID,
        appSecret: env.WIX_APP_SECRET,
        ...(env.CONFORM_OP === 'install' ? {}
            : env.WIX_REFRESH_TOKEN ? { refreshToken: env.WIX_REFRESH_TOKEN }
                                    : { instanceId: env.WIX_INSTANCE_ID }),
    }),
});

// The App URL and the callback, as an app that goes by the SDK's documentation has them.
async function install() {
    const state = randomUUID();
    console.log(routeUrl(client.auth.getInstallUrl({
        redirectUrl: env.WIX_REDIRECT_URL, token: env.CONFORM_TOKEN, state,
    })));
    const lines = createInterface(process.stdin);
    const [callback] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
    lines.close();
    if (!callback)
        throw new Error('there was no callback');
    await client.auth.handleOAuthCallback(callback, { state });
}

if (env.CONFORM_OP === 'install') {
    try {
        await install();
    } catch (error) {
        console.error(error.message);
        process.exit(1);
    }
}

let left = Number(env.CONFORM_CALLS);
let failed = false;

// All calls are made, also after one has failed.
async function work() {
    while (left-- > 0) {
        try {
            const answer = await client.fetch('/conformance/probe');
            if (!answer.ok)
                throw new Error(`the API answered ${answer.status}`);
        } catch (error) {
            console.error(error.message);
            failed = true;
        }
    }
}

await Promise.all(Array.from({ length: Number(env.CONFORM_PARALLEL ?? 1) }, work));
process.exitCode = failed ? 1 : 0;
