<?php

final class Actions
{
    public function orders(): string
    {
        $database = new PDO('sqlite:/var/www/data/shop.db');
        $database->exec('create table if not exists orders (name text, pieces integer)');
        $database->exec('delete from orders');
        $insert = $database->prepare('insert into orders values (?, ?)');
        foreach ([['pears', 3], ['apples', 5], ['pears', 4]] as $row) {
            $insert->execute($row);
        }
        return json_encode($database->query('select name, sum(pieces) from orders group by name')->fetchAll(PDO::FETCH_NUM));
    }

    public function when(string $zone): string
    {
        return (new DateTimeImmutable('2024-07-01T12:00:00Z'))->setTimezone(new DateTimeZone($zone))->format('Y-m-d H:i T');
    }

    public function local(): string
    {
        return date('H:i T', 1719835200);
    }

    public function titles(string $none, string $body): string
    {
        return (string) simplexml_load_string($body)->xpath('//entry[2]/title')[0];
    }

    public function upper(string $none, string $body): string
    {
        return mb_strtoupper($body);
    }

    public function recode(string $charset, string $body): string
    {
        return iconv($charset, 'UTF-8', $body);
    }

    public function price(string $locale): string
    {
        return (new NumberFormatter($locale, NumberFormatter::CURRENCY))->formatCurrency(1234.5, 'EUR');
    }

    public function sorted(string $locale): string
    {
        $words = ['zebra', 'äpfel', 'apfel'];
        (new Collator($locale))->sort($words);
        return implode(' ', $words);
    }

    public function secure(): string
    {
        $server = proc_open(['openssl', 's_server', '-quiet', '-accept', '127.0.0.1:8443', '-www',
            '-cert', '/srv/tls/cert.pem', '-key', '/srv/tls/key.pem'], [['file', '/dev/null', 'r']], $pipes);
        $curl = curl_init('https://localhost:8443/');
        curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 5]);
        for ($try = 0; $try < 100 && curl_exec($curl) === false && curl_errno($curl) === CURLE_COULDNT_CONNECT; ++$try) {
            usleep(50_000);
        }
        $status = curl_getinfo($curl, CURLINFO_HTTP_CODE);
        $stream = @file_get_contents('https://localhost:8443/');
        proc_terminate($server);
        return $status . ' ' . curl_error($curl) . ($stream === false ? ' no stream' : ' stream');
    }

    public function digests(): string
    {
        return hash('sha3-256', 'pears') . ' ' . substr(password_hash('pears', PASSWORD_BCRYPT), 0, 4);
    }

    public function session(): string
    {
        session_start();
        $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
        return (string) $_SESSION['visits'];
    }

    public function run(): string
    {
        return trim(shell_exec('echo $((6 * 7)) | tr 4 5'));
    }

    public function mail(): string
    {
        return gethostbyname('localhost') . ' ' . posix_getpwuid(posix_geteuid())['name'];
    }

    public function extensions(): string
    {
        return implode(' ', array_filter(['curl', 'dom', 'intl', 'mbstring', 'PDO', 'pdo_sqlite', 'Zend OPcache'], 'extension_loaded'));
    }

    public function parts(): string
    {
        return Parts::ofSpeech(); // the autoloader finds it
    }
}
