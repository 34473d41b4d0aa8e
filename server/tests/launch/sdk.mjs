// An app on Wix's SDK, as it would run in production: Wix's hosts, the SDK's own fetch, its own
// clock. It knows nothing of a fake but what fakewix run puts into the environment.
// usage: node sdk.mjs all|call PUBLIC-KEY-FILE
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import * as appInstances from '@wix/auto_sdk_app-management_app-instances';
import { AppStrategy, createClient } from '@wix/sdk';

const [mode, keyFile] = process.argv.slice(2);
const {
    FAKEWIX_APP_ID: appId, FAKEWIX_APP_SECRET: appSecret, FAKEWIX_INSTANCE_ID: instanceId,
    FAKEWIX_CONTROL: control,
} = process.env;

async function steer(method, path, body) {
    const answer = await fetch(control + path, {
        method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
    });
    if (!answer.ok)
        throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
}

function clientOf(more) {
    const publicKey = readFileSync(keyFile, 'utf8');
    return createClient({
        auth: AppStrategy({ appId, appSecret, publicKey, ...more }), modules: { appInstances },
    });
}

function check(fact, what) {
    if (!fact)
        throw new Error(what);
}

async function install() {
    const { sites } = await steer('GET', '/sites');
    const { callback_url: callback } = await steer('POST', '/installs', {
        app_id: appId, site_id: sites[0].site_id,
    });
    const tokens = await clientOf().auth.handleOAuthCallback(callback);
    check(tokens.refreshToken.startsWith('OAUTH2.'), 'a refresh token');
    console.log('installed');
}

// Whether a token is still good the SDK sees by its own clock alone.
async function outliveToken() {
    const client = clientOf({ instanceId });
    await client.appInstances.getAppInstance();
    await client.appInstances.getAppInstance();
    console.log('called');
    await steer('POST', '/clock/advance', { seconds: 14460 });
    await client.appInstances.getAppInstance();
    const { entries } = await steer('GET', '/journal');
    const asked = entries.filter((e) => e.grant === 'client_credentials').length;
    check(asked === 2, `two tokens, not ${asked}`);
    check(entries.every((e) => e.outcome === 'ok'), 'no expired token sent');
    console.log('refreshed');
}

async function hear() {
    const client = clientOf({ instanceId });
    const heard = [];
    let answered; // the fake gives up on a slow app; the app has its event all the same
    const over = new Promise((resolve) => { answered = resolve; });
    client.appInstances.onAppInstanceInstalled((event) => heard.push(event));
    const app = createServer(async (request, response) => {
        const body = Buffer.concat(await request.toArray()).toString();
        await client.webhooks.processRequest(new Request('http://app/webhook', {
            method: 'POST', headers: request.headers, body,
        }));
        response.end();
        answered();
    });
    await new Promise((listening) => app.listen(0, '127.0.0.1', listening));
    await steer('POST', '/events', {
        event_type: 'AppInstalled', url: `http://127.0.0.1:${app.address().port}/webhook`,
        delivery: { retry: false, wait_ms: 10000 },
    });
    await over;
    app.closeAllConnections();
    app.close();
    check(heard.length === 1, 'one event');
    console.log('heard');
}

if (mode === 'call') {
    try {
        await clientOf({ instanceId }).appInstances.getAppInstance();
        console.log('let in');
    } catch (error) {
        for (let cause = error; cause; cause = cause.cause)
            console.log(cause.code ?? cause.message);
    }
} else {
    await install();
    await outliveToken();
    await hear();
}
