// Wix's SDK through the exec contract of docs/CLIENT-CONTRACT.md: exit 0 all calls succeeded,
// 1 the SDK reported an error, 77 this is not what it can do.
import { AppStrategy, createClient } from '@wix/sdk';

const env = process.env;
if (env.CONFORM_OP !== 'api')
    process.exit(77);

const client = createClient({
    auth: AppStrategy({
        appId: env.WIX_APP_ID,
        appSecret: env.WIX_APP_SECRET,
        ...(env.WIX_REFRESH_TOKEN ? { refreshToken: env.WIX_REFRESH_TOKEN }
                                  : { instanceId: env.WIX_INSTANCE_ID }),
    }),
});

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
