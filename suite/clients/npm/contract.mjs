// The exec contract of docs/CLIENT-CONTRACT.md around a library that hands out tokens: exit 0 all
// calls succeeded, 1 one did not, 77 this is not what it can do. Nothing here helps the library: no
// call is made again, and a token is used as often as the library says it is good.
const env = process.env;

async function callProbe(token) {
    const answer = await fetch(`${env.WIX_API_BASE}/conformance/probe`,
        { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok)
        throw new Error(`the API answered ${answer.status}`);
}

// giveToken() is the library's part; legacy: it can do custom authentication as well.
export async function speakContract(giveToken, { legacy }) {
    if (env.CONFORM_OP !== 'api' || (env.WIX_REFRESH_TOKEN && !legacy))
        process.exit(77);
    let left = Number(env.CONFORM_CALLS);
    let failed = false;
    const work = async () => {
        while (left-- > 0) {
            try {
                await callProbe(await giveToken());
            } catch (error) {
                console.error(error.message);
                failed = true;
            }
        }
    };
    await Promise.all(Array.from({ length: Number(env.CONFORM_PARALLEL ?? 1) }, work));
    process.exitCode = failed ? 1 : 0;
}
