<?php
// What stands between PHP's own server and the app: files as they are, no hidden ones, and everything else to index.php.
(static function () {
    $root = $_SERVER['DOCUMENT_ROOT'];
    $path = rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]);
    $hidden = preg_match('~(^|/)\.(?!well-known(/|$))~', $path) || strpos($path, "\0") !== false;
    if (!$hidden && realpath($root) === realpath(dirname(__DIR__, 2))) {
        // The app's root is served, where more stands than pages.
        $hidden = preg_match('~^/+(vendor|node_modules)(/|$)|^/+(composer\.(json|lock|phar)|package(-lock)?\.json|Procfile|app\.json|stoa\.toml)$~i', $path);
    }
    if ($hidden) {
        http_response_code(404);
        header('Content-Type: text/plain');
        echo "Not Found\n";
        exit;
    }
})();
if (is_file($_SERVER['DOCUMENT_ROOT'] . rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]))) {
    return false;
}
$stoaFolder = rtrim($_SERVER['DOCUMENT_ROOT'] . rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]), '/');
if ($stoaFolder !== $_SERVER['DOCUMENT_ROOT']
    && (is_file($stoaFolder . '/index.php') || is_file($stoaFolder . '/index.html'))) {
    return false;
}
unset($stoaFolder);
if (!is_file($_SERVER['DOCUMENT_ROOT'] . '/index.php')) {
    return false;
}
$_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . '/index.php';
$_SERVER['SCRIPT_NAME'] = '/index.php';
$_SERVER['PHP_SELF'] = '/index.php';
chdir($_SERVER['DOCUMENT_ROOT']);
require $_SERVER['SCRIPT_FILENAME'];
