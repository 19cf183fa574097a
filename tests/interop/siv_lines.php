<?php
// siv.php in a process that sealing_lines.py asks: a question a line, as hexadecimal words.
declare(strict_types=1);

require __DIR__ . '/siv.php';

while (($line = fgets(STDIN)) !== false) {
    [$do, $key, $name, $text] = explode(' ', rtrim($line, "\n"));
    $text = hex2bin($text);
    try {
        $answer = match ($do) {
            'seal' => seal(hex2bin($key), hex2bin($name), $text),
            'open' => open_sealed(hex2bin($key), hex2bin($name), $text),
            'siv' => siv_encrypt(hex2bin($key), array_map('hex2bin', explode(',', $name)), $text),
            'unsiv' => siv_decrypt(hex2bin($key), array_map('hex2bin', explode(',', $name)), $text),
        };
        echo 'ok ', bin2hex($answer), "\n";
    } catch (UnexpectedValueException $refused) {
        echo "refused\n";
    }
}
