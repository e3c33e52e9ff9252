'use strict';
// A conversation over TLS with a server that the system's trust store vouches for, and with one who trusts nobody.
const fs = require('node:fs');
const tls = require('node:tls');

function ask(options) {
  return new Promise((resolve) => {
    let text = '';
    const socket = tls.connect({ host: '127.0.0.1', servername: 'localhost', ...options });
    socket.on('data', (data) => (text += data)).on('error', (failure) => resolve(failure.code)).on('end', () => resolve(text));
  });
}

exports.askOurselves = async () => {
  const server = tls.createServer({ cert: fs.readFileSync('/srv/tls/cert.pem'), key: fs.readFileSync('/srv/tls/key.pem') },
    (socket) => socket.end('hello'));
  server.on('tlsClientError', () => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const answers = [await ask({ port, ca: fs.readFileSync('/etc/ssl/certs/ca-certificates.crt') }), await ask({ port, ca: [] })];
  server.close();
  return answers.join(', ');
};
