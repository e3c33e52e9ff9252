<?php
// Classes are loaded when they are first used, from the file of their name.
spl_autoload_register(function (string $class): void {
    require __DIR__ . '/lib/' . $class . '.php';
});
header('Content-Type: text/plain; charset=utf-8');
$actions = new Actions();
$name = $_GET['name'];
if (!method_exists($actions, $name)) {
    http_response_code(404);
    exit("no such action\n");
}
echo $actions->$name($_GET['argument'] ?? '', file_get_contents('php://input'));
