'use strict';
require('node:http').get(`http://localhost:${process.env.PORT}/health`, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
  .on('error', () => process.exit(1));
