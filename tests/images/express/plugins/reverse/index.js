'use strict'; module.exports = (text) => [...text].reverse().join('');
