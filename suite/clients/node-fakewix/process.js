// The program: found, started on a free port, and gone with the process that started it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { FakewixError } from './call.js';

const running = new Set();

process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function optionsOf({ listen = '127.0.0.1:0', clock, seed, state, consent, workers, lint, controlToken, args = [] }) {
    const given = { clock, seed, state, consent, workers, lint, 'control-token': controlToken };
    const options = Object.entries(given)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `--${name}=${value}`);
    return ['serve', '--quiet', '--stop-with-stdin', `--listen=${listen}`, ...options, ...args];
}

// Gives { ready, stop }: the ready line, and what ends the program and says how it ended.
export async function spawnFake(wish) {
    const program = wish.program ?? process.env.FAKEWIX_BIN ?? 'fakewix';
    const child = spawn(program, optionsOf(wish), { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {}); // held open, so that the fake ends with this process
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
        said += text;
        if (wish.stderr === 'inherit')
            process.stderr.write(text);
    });
    const exit = new Promise((resolve) => {
        child.once('error', (error) => resolve({ status: null, problem: error.message }));
        child.once('close', (status, signal) => resolve({ status, signal, problem: said.trim() }));
    });
    const line = await Promise.race([once(createInterface(child.stdout), 'line'), exit]);
    if (!Array.isArray(line))
        throw new FakewixError(`${program} did not start: ${line.problem || `it ended with ${line.status}`}`);
    running.add(child);
    exit.then(() => running.delete(child));
    // A test runner that is done need not wait for a fake that nobody stopped.
    for (const handle of [child, child.stdin, child.stdout, child.stderr])
        handle.unref();
    return {
        ready: JSON.parse(line[0]),
        async stop() {
            const held = setInterval(() => {}, 1 << 30);
            child.kill('SIGTERM');
            const end = await exit;
            clearInterval(held);
            return { status: end.status, signal: end.signal ?? null, stderr: said };
        },
    };
}
