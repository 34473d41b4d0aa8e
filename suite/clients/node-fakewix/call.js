// One call of the control plane. Each has a connection of its own: a kept one may be closed by the
// fake in the moment in which it is used again.
import http from 'node:http';

export class FakewixError extends Error {
    constructor(message, { status, body } = {}) {
        super(message);
        this.name = 'FakewixError';
        this.status = status;
        this.body = body;
    }
}

function parse(text) {
    try {
        return text ? JSON.parse(text) : undefined;
    } catch {
        return text;
    }
}

// target: { url, token, socketPath }
export function call(target, method, path, body, { signal } = {}) {
    const url = new URL(target.url + path);
    const content = body === undefined ? undefined : JSON.stringify(body);
    const headers = {};
    if (content !== undefined)
        Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) });
    if (target.token)
        headers.Authorization = `Bearer ${target.token}`;
    return new Promise((resolve, reject) => {
        const request = http.request(url, { method, headers, agent: false, signal, socketPath: target.socketPath });
        request.on('error', (error) => reject(new FakewixError(`${method} ${path}: ${error.message}`)));
        request.on('response', async (answer) => {
            let text = '';
            answer.setEncoding('utf8');
            try {
                for await (const piece of answer)
                    text += piece;
            } catch (error) {
                reject(new FakewixError(`${method} ${path}: ${error.message}`));
                return;
            }
            const value = parse(text);
            if (answer.statusCode < 400)
                resolve(value);
            else
                reject(new FakewixError(`${method} ${path}: ${answer.statusCode} ${value?.message ?? text}`,
                    { status: answer.statusCode, body: value }));
        });
        request.end(content);
    });
}

// { a: 1, b: undefined } becomes "?a=1".
export function query(members) {
    const given = Object.entries(members).filter(([, value]) => value !== undefined);
    return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : '';
}
