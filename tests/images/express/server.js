'use strict';
// A small shop; most routes require what they need when they are called.
const path = require('node:path');
const express = require('express');

const app = express();
app.set('views', path.join(__dirname, 'views'));
app.set('view engine', 'ejs'); // express requires the module of this name at the first page
app.use(require('compression')({ threshold: 0 }));
app.use('/assets', express.static(path.join(__dirname, 'public')));

app.get('/', (request, response) => response.send('<!doctype html><title>Shop</title><a href="/assets/style.css">style</a>'));
app.get('/health', (request, response) => response.send('ok'));
app.get('/page', (request, response) => response.render('page', { title: 'Goods', goods: ['pears', 'apples & plums'] }));
app.post('/orders', express.json(), (request, response) => response.status(201).json({ accepted: request.body.name }));

app.get('/plugin/:name', (request, response) => response.send(require(`./plugins/${request.params.name}`)('pears')));

app.get('/id', async (request, response) => {
  const { customAlphabet } = await import('nanoid'); // an ES module
  response.send(customAlphabet('ab', 8)());
});

app.get('/esm', async (request, response) => {
  const { sum } = await import('./lib/sum.mjs');
  response.send(String(sum([1, 2, 3])));
});

app.get('/mask', (request, response) => {
  const bufferUtil = require('bufferutil');
  const out = Buffer.alloc(4);
  bufferUtil.mask(Buffer.from([1, 2, 3, 4]), Buffer.from([1, 1, 1, 1]), out, 0, 4);
  const native = Object.keys(require.cache).some((name) => name.endsWith('.node'));
  response.send(`${out.toString('hex')} ${native ? 'native' : 'script'}`);
});

app.post('/recode/:charset', express.raw({ type: '*/*' }), (request, response) => {
  response.send(require('iconv-lite').decode(request.body, request.params.charset));
});

app.post('/decode/:charset', express.raw({ type: '*/*' }), (request, response) => {
  response.send(new TextDecoder(request.params.charset).decode(request.body));
});

app.get('/when/:area/:city', (request, response) => {
  const zone = `${request.params.area}/${request.params.city}`;
  response.send(new Intl.DateTimeFormat('de-DE', { timeZone: zone, dateStyle: 'full', timeStyle: 'short' })
    .format(new Date(Date.UTC(2024, 6, 1, 12))));
});

app.get('/local', (request, response) => response.send(new Date(Date.UTC(2024, 6, 1, 12)).toString()));

app.get('/price/:language', (request, response) => {
  response.send(new Intl.NumberFormat(request.params.language, { style: 'currency', currency: 'EUR' }).format(1234.5));
});

app.get('/secure', (request, response, next) => require('./lib/secure').askOurselves().then((text) => response.send(text), next));

app.get('/pack/:method', (request, response) => {
  const zlib = require('node:zlib');
  const [pack, unpack] = { br: ['brotliCompressSync', 'brotliDecompressSync'], gz: ['gzipSync', 'gunzipSync'] }[request.params.method];
  response.send(zlib[unpack](zlib[pack](Buffer.from('pears'))).toString());
});

app.get('/digests', (request, response) => {
  const { createHash, scryptSync } = require('node:crypto');
  const digests = ['md5', 'sha3-256', 'blake2b512'].map((name) => createHash(name).update('pears').digest('hex').slice(0, 8));
  response.send([...digests, scryptSync('a', 'b', 4).toString('hex')].join(' '));
});

app.get('/run', (request, response, next) => {
  const { exec, execFileSync } = require('node:child_process');
  const sorted = execFileSync('sort', ['-r'], { input: 'a\nc\nb\n' }).toString().split('\n').join('');
  exec('echo $((6 * 7))', (failure, out) => (failure ? next(failure) : response.send(`${sorted}|${out.trim()}`)));
});

app.get('/who', (request, response, next) => {
  require('node:dns').lookup('localhost', { family: 4 }, (failure, address) => {
    if (failure) next(failure);
    else response.send(`${require('node:os').userInfo().username} at ${address}`);
  });
});

app.get('/work', (request, response, next) => {
  const { Worker } = require('node:worker_threads');
  new Worker(path.join(__dirname, 'lib', 'worker.js'), { workerData: 20 }).once('message', (n) => response.send(String(n))).once('error', next);
});

app.get('/broken', () => {
  throw new Error('a route that fails');
});

const server = app.listen(Number(process.env.PORT));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
process.on('SIGHUP', () => console.log(`reloaded: ${require('node:fs').readFileSync(path.join(__dirname, 'package.json')).length > 0}`));
