<!doctype html>
<title>A small shop</title>
<link rel="stylesheet" href="/assets/style.css">
<p>PHP <?= PHP_MAJOR_VERSION ?> says welcome</p>
